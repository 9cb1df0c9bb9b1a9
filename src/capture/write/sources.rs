//! Builds the sources of a state that was captured with them.

use std::collections::BTreeMap;

use crate::capture::sources::GivenSources;
use crate::capture::state::State;
use crate::domain::{
    CorporateAction, Currency, Day, FormerAttributes, Money, Quantity, RiskModel, Security,
    SecurityId, Transaction,
};
use crate::scenario::format::lenient::Lenient;
use crate::scenario::world::former_attributes::FormerAttributesSpec;
use crate::scenario::world::spec::{
    ActionSpec, SecuritySpec, SourcesSpec, SplitSpec, TransactionSpec, WorldSpec,
};
use crate::scenario::world::values::CloseSpec;

/// Adds the transactions, securities, splits, the risk model and the closes.
pub(super) fn add_sources(
    spec: &mut WorldSpec,
    state: &State,
    given: &GivenSources,
    labels: &[String],
) {
    let symbols: Symbols<'_> = (given.securities.iter())
        .map(|security| (security.id, security.symbol.as_str()))
        .collect();
    spec.sources = Some(SourcesSpec::Given);
    for (captured, label) in state.portfolios.iter().zip(labels) {
        let entries = given.transactions.get(&captured.portfolio.id.0);
        let entries = entries.into_iter().flatten();
        let specs = entries.map(|entry| {
            let counterpart = entry.counterpart.and_then(|id| {
                let portfolios = state.portfolios.iter().zip(labels);
                let mut named = portfolios.filter(|(other, _)| other.portfolio.id == id);
                named.next().map(|(_, label)| label.clone())
            });
            transaction_spec(entry, label, counterpart, &symbols)
        });
        spec.transactions.extend(specs);
    }
    for security in &given.securities {
        let symbol = &security.symbol;
        spec.securities
            .insert(symbol.clone(), security_spec(security));
        if let Some(closes) = given.closes.get(&security.id) {
            let closes = closes.iter();
            let closes = closes.map(|(day, close)| (*day, Lenient(CloseSpec::At(*close))));
            spec.prices.insert(symbol.clone(), closes.collect());
        }
    }
    let splits = given.splits.iter().map(|split| SplitSpec {
        symbol: symbols[&split.security].to_owned(),
        day: split.day,
        new: split.new,
        old: split.old,
    });
    spec.splits = splits.collect();
    spec.splits
        .sort_by(|a, b| (a.day, &a.symbol).cmp(&(b.day, &b.symbol)));
    spec.actions = (given.actions.iter())
        .map(|action| action_spec(action, &symbols))
        .collect();
    spec.actions
        .sort_by(|a, b| (a.day, &a.symbol).cmp(&(b.day, &b.symbol)));
    spec.risk = (given.model != RiskModel::default()).then(|| given.model.clone());
}

fn action_spec(action: &CorporateAction, symbols: &Symbols<'_>) -> ActionSpec {
    let received = action.received;
    ActionSpec {
        symbol: symbols[&action.security].to_owned(),
        day: action.day,
        kind: Lenient(action.kind),
        received: received.map(|delivery| symbols[&delivery.security].to_owned()),
        new: received.map(|delivery| delivery.new),
        old: received.map(|delivery| delivery.old),
        cash: action.cash.map(Lenient),
        cost_share: action.cost_share.map(Lenient),
    }
}

type Symbols<'g> = BTreeMap<SecurityId, &'g str>;

/// Returns the keys of a security, without values that are the defaults of a world.
fn security_spec(security: &Security) -> SecuritySpec {
    let Security {
        symbol,
        name,
        sector,
        currency,
        multiplier,
        ..
    } = security;
    SecuritySpec {
        name: (name != symbol).then(|| name.clone()),
        class: Some(security.class),
        sector: (!sector.is_empty()).then(|| sector.clone()),
        currency: (*currency != Currency::USD).then_some(Lenient(*currency)),
        multiplier: (*multiplier != Quantity::whole(1)).then_some(Lenient(*multiplier)),
        inactive_from: security.inactive_from,
        calendar: security.calendar.clone(),
        former_symbols: (security.former_symbols.iter())
            .map(|former| (former.until, former.symbol.clone()))
            .collect(),
        former_attributes: former_attributes(security),
    }
}

/// Returns the former attributes of a security, each without those that were the same afterwards.
fn former_attributes(security: &Security) -> BTreeMap<Day, FormerAttributesSpec> {
    let former = security.former_attributes.iter();
    let former = former.map(|FormerAttributes { until, attributes }| {
        let (class, sector) = (security.class_on(*until), security.sector_on(*until));
        let multiplier = security.multiplier_on(*until);
        let was = FormerAttributesSpec {
            class: (attributes.class != class).then_some(attributes.class),
            sector: (attributes.sector != sector).then(|| attributes.sector.clone()),
            multiplier: (attributes.multiplier != multiplier)
                .then_some(Lenient(attributes.multiplier)),
        };
        (*until, was)
    });
    former.collect()
}

fn transaction_spec(
    entry: &Transaction,
    label: &str,
    counterpart: Option<String>,
    symbols: &Symbols<'_>,
) -> TransactionSpec {
    TransactionSpec {
        portfolio: label.to_owned(),
        day: entry.day,
        time: entry.time.map(Lenient),
        kind: Lenient(entry.kind),
        symbol: entry.security.map(|id| symbols[&id].to_owned()),
        quantity: (entry.quantity != Quantity::ZERO).then_some(Lenient(entry.quantity)),
        price: entry.price.map(Lenient),
        amount: entry.amount.map(Lenient),
        fee: (entry.fee != Money::ZERO).then_some(Lenient(entry.fee)),
        currency: entry.cash.currency.map(Lenient),
        fee_currency: entry.cash.fee_currency.map(Lenient),
        from_amount: entry.cash.from_amount.map(Lenient),
        from_currency: entry.cash.from_currency.map(Lenient),
        counterpart,
        lots: entry.lots.clone().map(Lenient),
        reference: Some(entry.reference.clone()),
    }
}
