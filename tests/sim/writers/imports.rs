//! Imports of each kind of file.

use plimsoll::import::ImportOptions;
use plimsoll::import::apply::{FileKind, ImportContext, Mode, SourceFile, import_file};
use plimsoll::store::Store;

use super::scene::{Scene, Writer, Written};

pub(super) const WRITERS: &[Writer] = &[
    Writer::new("import portfolios", |scene, store| {
        scene.import(
            &store,
            FileKind::Portfolios,
            "name,inception\nD,2026-01-06\n",
        )
    }),
    Writer::new("import securities", |scene, store| {
        let rows = "symbol,sector\nACME,Media\nNEW,Tech\n";
        scene.import(&store, FileKind::Securities, rows)
    }),
    Writer::new("import attributes with a day", |scene, store| {
        let rows = "symbol,sector,valid_from\nACME,Media,2026-01-07\n";
        scene.import(&store, FileKind::Securities, rows)
    }),
    Writer::new("import prices", |scene, store| {
        let rows = "symbol,date,close\nACME,2026-01-06,10.5\nACME,2026-01-08,12\n";
        scene.import(&store, FileKind::Prices, rows)
    }),
    Writer::new("import transactions", |scene, store| {
        let rows = "id,portfolio,date,kind,amount\nt2,A,2026-01-06,deposit,5\n";
        scene.import(&store, FileKind::Transactions, rows)
    }),
    Writer::new("import actions", import_action),
];

/// Imports a payment of ACME, which other writers take back.
pub(super) fn import_action(scene: &Scene, store: Store) -> Written {
    let rows = "symbol,date,kind,cash\nACME,2026-01-06,return-of-capital,0.5\n";
    scene.import(&store, FileKind::Actions, rows)
}

impl Scene {
    pub(super) fn import(&self, store: &Store, kind: FileKind, text: &str) -> Written {
        import(store, kind, text, &self.import_context())
    }
}

/// Imports a file that must have no invalid row.
pub(super) fn import(
    store: &Store,
    kind: FileKind,
    text: &str,
    context: &ImportContext<'_>,
) -> Written {
    let file = SourceFile {
        kind,
        name: "file.csv",
        bytes: text.as_bytes(),
        options: &ImportOptions::default(),
    };
    let result = import_file(&mut store.writer()?, &file, context, Mode::Apply)?;
    assert_eq!(result.counts.invalid, 0, "{:?}", result.first_error());
    Ok(())
}
