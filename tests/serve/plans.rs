//! Counts the plans that are made from the preview of a run to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use plimsoll::app::{AppContext, FetchedPrices, RunSpec, RunSurface};
use plimsoll::engine::Settings;
use plimsoll::environment::Environment;
use plimsoll::import::apply::ApplyError;
use plimsoll::import::inbox::InboxFile;
use plimsoll::notify::{Channels, Notifier};
use plimsoll::plan::Policy;
use plimsoll::query::ConcernLimits;
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;
use plimsoll::store::RunState;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::test_server::JAN_8;

/// Counts the events that the engine records for each plan.
#[derive(Clone, Default)]
struct PlanCounter(Arc<AtomicUsize>);

impl Subscriber for PlanCounter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The notices of a plan have a lower level.
        *metadata.level() == Level::TRACE && metadata.target() == "plimsoll::engine::survey"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct SilentSurface {
    cancel: AtomicBool,
    notifier: Notifier,
}

impl RunSurface for SilentSurface {
    fn cancel(&self) -> &AtomicBool {
        &self.cancel
    }

    fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    fn on_prices(&self, _: &FetchedPrices) {}

    fn on_inbox_file(&self, _: &InboxFile) {}

    fn on_inbox_error(&self, error: ApplyError) -> Result<(), ApplyError> {
        Err(error)
    }
}

#[test]
fn a_previewed_run_is_planned_once_when_checked_and_once_when_run() {
    let world = World::read(JAN_8).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (path, settings) = (folder.path().join("books.db"), Settings::new_york());
    let app = AppContext {
        store: load(&world, "test", &path, &settings, &|_| {}).unwrap(),
        settings,
        policy: Policy::default(),
        jobs: None,
        inbox: None,
        price_feed: None,
        profiles: plimsoll::import::profile::Profiles::shipped().clone(),
        limits: ConcernLimits::default(),
        environment: Environment::system(Some(world.now)),
    };
    let surface = SilentSurface {
        cancel: AtomicBool::new(false),
        notifier: Notifier::new(Channels::default()),
    };
    let counter = PlanCounter::default();
    let counted = || counter.0.swap(0, Ordering::Relaxed);
    let _guard = tracing::subscriber::set_default(counter.clone());

    let shown = app.preview(&RunSpec::default()).unwrap().plan;
    assert_eq!(counted(), 1);
    // The form of the plan page names the plan that it showed.
    let spec = RunSpec {
        expected_plan: Some(shown.id().to_string()),
        ..RunSpec::default()
    };
    app.check_run(&spec).unwrap();
    assert_eq!(counted(), 1);
    let outcome = app.import_and_run(&spec, &surface).unwrap();
    assert_eq!(counted(), 1);
    assert_eq!(
        (outcome.state, outcome.progress.done),
        (RunState::Complete, 36)
    );
}
