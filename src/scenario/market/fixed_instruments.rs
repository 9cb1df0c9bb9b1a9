//! Lists the instruments that every generated market has: indices, a pair of currencies, funds,
//! bonds, a share in euro and private assets.

use crate::domain::{AssetClass, Currency, NewSecurity, Quantity, Security, SecurityId};

/// The coefficients of the common returns in a security's daily log return. `noise` is the standard
/// deviation of the part that is the security's own, apart from its fat tails.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Loadings {
    pub(super) market: f64,
    pub(super) sector: f64,
    pub(super) value: f64,
    pub(super) momentum: f64,
    pub(super) size: f64,
    pub(super) rates: f64,
    pub(super) noise: f64,
}

/// Returns each instrument with its loadings, its base price and its yearly payout as a share of
/// the price. The index of a factor has one loading and no noise, so that it is the factor itself.
pub(super) fn fixed_instruments() -> Vec<(Security, Loadings, f64, f64)> {
    use AssetClass::{Bond, Equity, Fund, Fx, Index, Private};
    let still = Loadings::default();
    let of = |market, rates, noise| Loadings {
        market,
        rates,
        noise,
        ..still
    };
    let euro: Currency = "EUR".parse().expect("EUR is three capital letters");
    let in_euro = |security| Security {
        currency: euro,
        ..security
    };
    let in_percent = |security| Security {
        multiplier: Quantity::from_units(Quantity::SCALE / 100),
        ..security
    };
    let index = |symbol, name| security(symbol, name, Index, "");
    let bond = |symbol, name| security(symbol, name, Bond, "Fixed Income");
    vec![
        (
            index("MKT", "Broad Market Index"),
            of(1.0, 0.0, 0.0003),
            4_000.0,
            0.0,
        ),
        (
            index("F-VALUE", "Value Factor"),
            Loadings {
                value: 1.0,
                ..still
            },
            1_000.0,
            0.0,
        ),
        (
            index("F-MOMENTUM", "Momentum Factor"),
            Loadings {
                momentum: 1.0,
                ..still
            },
            1_000.0,
            0.0,
        ),
        (
            index("F-SIZE", "Size Factor"),
            Loadings { size: 1.0, ..still },
            1_000.0,
            0.0,
        ),
        (
            index("F-RATES", "Rates Factor"),
            Loadings {
                rates: 1.0,
                ..still
            },
            1_000.0,
            0.0,
        ),
        (
            security("EURUSD", "Euro in US Dollars", Fx, ""),
            of(0.1, 0.0, 0.004),
            1.08,
            0.0,
        ),
        (
            security("WIDE", "Wide Market Fund", Fund, ""),
            of(1.0, 0.0, 0.0008),
            210.0,
            0.014,
        ),
        (
            bond("TRSF", "Treasury Ladder Fund"),
            of(-0.02, 0.9, 0.0004),
            96.0,
            0.036,
        ),
        (
            bond("CORF", "Corporate Income Fund"),
            of(0.08, 1.0, 0.0008),
            84.0,
            0.044,
        ),
        (
            bond("MUNF", "Municipal Fund"),
            of(0.02, 0.8, 0.0006),
            51.0,
            0.029,
        ),
        (
            bond("YLDF", "High Yield Fund"),
            of(0.30, 0.5, 0.0015),
            37.0,
            0.065,
        ),
        (
            in_percent(bond("HRBW-31", "Harbor Water 4.25 % 2031")),
            of(0.02, 1.2, 0.0010),
            98.7,
            0.043,
        ),
        (
            in_percent(bond("CNDR-29", "Condor Rail 5.10 % 2029")),
            of(0.05, 0.7, 0.0014),
            101.3,
            0.050,
        ),
        (
            in_euro(security("EULR", "Eulerwerke", Equity, "Industrials")),
            Loadings {
                sector: 0.9,
                value: 0.4,
                ..of(0.9, 0.0, 0.011)
            },
            64.0,
            0.026,
        ),
        (
            security(
                "P-HARBOR",
                "Harborline Logistics Stake",
                Private,
                "Private Equity",
            ),
            still,
            1_250.0,
            0.0,
        ),
        (
            security(
                "P-MERIDIAN",
                "Meridian Credit Partners",
                Private,
                "Private Credit",
            ),
            still,
            800.0,
            0.0,
        ),
    ]
}

/// Returns a security in dollars with a multiplier of 1. Its id is 0 until it is listed.
pub(super) fn security(symbol: &str, name: &str, class: AssetClass, sector: &str) -> Security {
    let share = NewSecurity {
        name: name.to_owned(),
        class,
        sector: sector.to_owned(),
        ..NewSecurity::equity(symbol)
    };
    share.with_id(SecurityId(0))
}
