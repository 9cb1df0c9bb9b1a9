//! Records the findings of `verify`, writes the messages of a run, and delivers them.

use plimsoll::app::record_verification;
use plimsoll::domain::Scope;
use plimsoll::engine::{EngineError, RunEvent, RunRequest, Settings};
use plimsoll::notify::{
    Channels, DeliveryMode, Endpoint, Notifier, NotifyContext, Secret, deliver,
};
use plimsoll::plan::Request;
use plimsoll::query::{ConcernInputs, Sample, verify};
use plimsoll::store::{Store, StoreError};

use super::scene::{Scene, Writer, Written};

pub(super) const WRITERS: &[Writer] = &[
    Writer::new("record a verification", |scene, store| {
        record(scene, &store, &scene.settings)
    }),
    Writer::new("record damage", |scene, store| {
        // The books are those of another calendar, so cells differ when they are computed again.
        record(scene, &store, &scene.amended())
    }),
    Writer::new("write notifications", write_messages),
    Writer::new("deliver notifications", |scene, store| {
        // Messages of channels that are not configured any more leave the outbox.
        let (notifier, environment) = (Notifier::new(Channels::default()), scene.environment());
        deliver(&notifier, &store, &environment, DeliveryMode::All)?;
        Ok(())
    })
    .after(write_messages)
    // A claim and a deletion.
    .with_transactions(2),
];

fn record(scene: &Scene, store: &Store, settings: &Settings) -> Written {
    let environment = scene.environment();
    // Of a copy: a fault in a read would be recorded as damage, as it should.
    let copy = Store::open(&scene.disk.fork())?;
    let verified = verify(&copy, settings, &environment, Sample::All, &|_| {})?;
    record_verification(store, &environment, &verified, Sample::All)?;
    Ok(())
}

/// Writes alerts and the message of them, for a run that failed.
fn write_messages(scene: &Scene, store: Store) -> Written {
    let endpoint = Endpoint {
        url: Secret::new("http://localhost/"),
        token: None,
    };
    let notifier = Notifier::new(Channels {
        webhook: Some(endpoint),
        ..Channels::default()
    });
    let run_request = RunRequest::new(Request::new(Scope::AllActive), "all active");
    let context = NotifyContext {
        store: &store,
        settings: &scene.settings,
        environment: &scene.environment(),
        concern_inputs: &ConcernInputs::default(),
    };
    let notifications = notifier.for_run(&run_request);
    notifications.on_event(&RunEvent::Planned);
    let error = EngineError::from(StoreError::ReadersBusy);
    notifications.on_end(context, Err(&error));
    // An error is only logged: it must not change the result of a run.
    let messages = store.read(|reading| reading.outbox().messages())?;
    match messages.len() {
        1 => Ok(()),
        count => Err(format!("{count} messages").into()),
    }
}
