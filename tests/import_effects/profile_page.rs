//! Imports the example of `docs/import-your-data.md` by the profile that it shows, and tries what helps
//! to write profiles.

use plimsoll::import::apply::{
    FileKind, ImportContext, ImportStatus, Mode, SourceFile, import_file,
};
use plimsoll::import::profile::{Profile, Profiles, propose_profile};
use plimsoll::import::{ProfileRefusal, Refusal, preview_export};
use plimsoll::report::{Palette, preview_json, preview_text};

use crate::profiles::{SAMPLES, books, described, options, sample};

/// Returns the fenced blocks of the page with this info string.
fn blocks(info: &str) -> Vec<String> {
    let page = include_str!("../../docs/import-your-data.md");
    let fence = format!("```{info}\n");
    let after = page.split(fence.as_str()).skip(1);
    let body = after.map(|rest| rest.split("```").next().unwrap().to_owned());
    body.collect()
}

#[test]
fn the_examples_of_the_page_work() {
    let [export] = &blocks("csv")[..] else {
        panic!("one export is shown");
    };
    let [text] = &blocks("toml")[..] else {
        panic!("one profile is shown");
    };
    let profile = Profile::parse(text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), text).unwrap();
    let profiles = Profiles::shipped().with_folder(folder.path()).unwrap();
    let books = books();
    let file = SourceFile {
        kind: FileKind::Transactions,
        name: "export.csv",
        bytes: export.as_bytes(),
        options: &options(Some("Beta")),
    };
    let context = ImportContext {
        profiles: &profiles,
        ..books.import_context()
    };
    let mut writer = books.store.writer().unwrap();
    let result = import_file(&mut writer, &file, &context, Mode::Apply).unwrap();
    assert_eq!(
        result.status,
        ImportStatus::Applied,
        "{:?}",
        result.first_error()
    );
    assert_eq!(result.profile, Some(profile.name));
    insta::assert_snapshot!(described(&books, &result));
    for profile in Profiles::shipped().all() {
        let page = include_str!("../../docs/import-your-data.md");
        assert!(
            page.contains(&format!("`{}`", profile.name)),
            "{}",
            profile.name
        );
    }
}

#[test]
fn an_invalid_profile_names_its_fault() {
    let [text] = &blocks("toml")[..] else {
        panic!("one profile is shown");
    };
    let faults = [
        ("name = \"my-broker\"", "name = \"My broker\""),
        ("decimal = \"comma\"", "decimals = \"comma\""),
        ("dates = [\"%d.%m.%Y\"]", "dates = [\"%d.%m.%Q\"]"),
        ("kind = \"sell\"", "kind = \"sale\""),
        ("|[Betrag]|", "|[Betrag]"),
        ("skip = ", "warning = true\n# skip = "),
    ];
    let errors = faults.map(|(from, to)| {
        assert!(text.contains(from), "{from}");
        let error = Profile::parse(&text.replacen(from, to, 1)).unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}\n", source.unwrap_or_default().trim_end())
    });
    insta::assert_snapshot!(errors.concat());
}

#[test]
fn a_preview_shows_each_row_without_a_database() {
    let [text] = &blocks("toml")[..] else {
        panic!("one profile is shown");
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), text).unwrap();
    let profiles = Profiles::shipped().with_folder(folder.path()).unwrap();
    let export = blocks("csv").concat().replace("117,00", "117;00");
    let preview =
        |portfolio| preview_export(&profiles, "f.csv", export.as_bytes(), &options(portfolio));
    let shown = preview(Some("Beta")).unwrap();
    insta::assert_snapshot!(preview_text(&shown, Palette::Plain));
    assert_eq!(preview_json(&shown)["rows"][0]["portfolio"], "Beta");
    // It refuses what an import would refuse.
    assert!(preview(None).is_err());
}

#[test]
fn each_sample_leads_to_a_proposal_that_is_a_profile() {
    for (name, _) in SAMPLES {
        let sample = sample(name);
        let proposed = propose_profile("mine", sample.as_bytes());
        if sample.starts_with(['<', '{']) {
            let refused = Refusal::Profile(ProfileRefusal::NoProposal);
            assert_eq!(proposed, Err(refused), "{name}");
            continue;
        }
        let text = proposed.unwrap();
        Profile::parse(&text).unwrap_or_else(|error| panic!("{name}: {error:?}\n{text}"));
        assert!(text.contains("kind = \"buy\""), "{name}\n{text}");
    }
}
