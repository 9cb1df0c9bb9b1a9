//! Tests of corporate action.

use super::*;

fn action(kind: ActionKind) -> CorporateAction {
    CorporateAction {
        security: SecurityId(1),
        day: Day::MIN,
        kind,
        received: None,
        cash: None,
        cost_share: None,
    }
}

#[test]
fn each_kind_needs_its_terms_and_no_others() {
    for kind in ActionKind::ALL {
        let terms = kind.terms();
        let mut complete = action(kind);
        let delivery = Delivery {
            security: SecurityId(2),
            new: 1,
            old: 4,
        };
        complete.received = (terms.received != Need::Never).then_some(delivery);
        complete.cash = (terms.cash != Need::Never).then_some(Price::whole(5));
        complete.cost_share = (terms.cost_share != Need::Never).then_some(CostShare::ZERO);
        assert_eq!(complete.check(), Ok(()), "{kind}");
        assert!(
            matches!(action(kind).check(), Err(ActionError::Missing { .. })),
            "{kind}"
        );
        if terms.cash == Need::Never {
            complete.cash = Some(Price::whole(5));
            assert!(
                matches!(complete.check(), Err(ActionError::Unused { .. })),
                "{kind}"
            );
        }
        assert_eq!(kind.name().parse(), Ok(kind));
    }
}

#[test]
fn impossible_terms_are_refused() {
    let mut worthless = action(ActionKind::Delisting);
    worthless.cash = Some(Price::ZERO);
    assert_eq!(worthless.check(), Ok(()));
    worthless.cash = Some(Price::whole(-1));
    assert!(worthless.check().is_err());
    let mut own = action(ActionKind::Merger);
    own.received = Some(Delivery {
        security: SecurityId(1),
        new: 1,
        old: 1,
    });
    assert_eq!(
        own.check(),
        Err(ActionError::ReceivesItself(ActionKind::Merger))
    );
}

#[test]
fn a_share_of_cost_is_exact() {
    let quarter: CostShare = "0.25".parse().unwrap();
    assert_eq!(quarter.parts() * 4, CostShare::SCALE);
    assert_eq!(quarter.to_string(), "0.25");
    for text in ["1.1", "-0.1", "0.1234567890123", "a"] {
        assert!(text.parse::<CostShare>().is_err(), "{text}");
    }
}

#[test]
fn a_fraction_keeps_all_decimals_and_the_sign() {
    let fraction = |text: &str| text.parse::<Quantity>().unwrap().fraction().to_string();
    assert_eq!(fraction("2.123456789012345678"), "0.123456789012345678");
    assert_eq!(fraction("-2.5"), "-0.5");
    assert_eq!(fraction("7"), "0");
}
