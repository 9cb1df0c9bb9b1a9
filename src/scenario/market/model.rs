//! The risk model of the generated market: benchmark, factors and shocks.

use std::collections::BTreeMap;

use crate::domain::{AssetClass, Factor, RiskModel, Shock};

/// Returns a model with the benchmark `MKT`, four factors and six shocks.
pub fn risk_model() -> RiskModel {
    let factor = |name: &str, symbol: &str| Factor {
        name: name.to_owned(),
        symbol: symbol.to_owned(),
    };
    RiskModel {
        benchmark: Some("MKT".to_owned()),
        factors: vec![
            factor("Value", "F-VALUE"),
            factor("Momentum", "F-MOMENTUM"),
            factor("Size", "F-SIZE"),
            factor("Rates", "F-RATES"),
        ],
        shocks: vec![
            shock("Market −10 %", -0.10, &[], &[]),
            shock("Market −20 %", -0.20, &[], &[]),
            shock("Technology −15 %", 0.0, &[], &[("Technology", -0.15)]),
            shock("Rates up", 0.0, &[(AssetClass::Bond, -0.05)], &[]),
            shock(
                "Crash as in 2008",
                -0.45,
                &[(AssetClass::Bond, 0.03), (AssetClass::Private, -0.25)],
                &[("Financials", -0.15), ("Real Estate", -0.10)],
            ),
            shock("Rally +10 %", 0.10, &[], &[]),
        ],
    }
}

fn shock(name: &str, market: f64, classes: &[(AssetClass, f64)], sectors: &[(&str, f64)]) -> Shock {
    Shock {
        name: name.to_owned(),
        market,
        classes: classes.iter().copied().collect(),
        sectors: sectors
            .iter()
            .map(|(sector, by)| ((*sector).to_owned(), *by))
            .collect::<BTreeMap<_, _>>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::market::Listing;

    #[test]
    fn the_model_names_only_what_is_listed() {
        let listing = Listing::new(1, 0, &[]);
        let model = risk_model();
        assert!(listing.id(&model.benchmark.unwrap()).is_some());
        for factor in model.factors {
            assert!(listing.id(&factor.symbol).is_some(), "{}", factor.symbol);
        }
        for sector in model.shocks.iter().flat_map(|shock| shock.sectors.keys()) {
            assert!(super::super::SECTORS.contains(&sector.as_str()), "{sector}");
        }
    }
}
