//! Messages that two processes find in the outbox, and messages of another version.

use std::io::{Read, Write};
use std::net::TcpListener;

use plimsoll::engine::EngineError;
use plimsoll::notify::{
    Channels, DeliveryMode, DeliveryOutcome, Endpoint, Notifier, NotifyContext, Secret, deliver,
};
use plimsoll::query::ConcernInputs;
use plimsoll::store::StoreError;

use crate::harness::{JAN_8, harness, nightly};
use crate::notifications::NotifyHarness;

#[test]
fn a_message_is_not_sent_by_two_processes_at_once() {
    let harness = harness(JAN_8);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let notifier = Notifier::new(Channels {
        webhook: Some(Endpoint {
            url: Secret::new(&format!("http://{}/hook", listener.local_addr().unwrap())),
            token: None,
        }),
        ..Channels::default()
    });
    let (store, environment) = (&harness.store, &harness.environment);
    let context = NotifyContext {
        store,
        settings: &harness.settings,
        environment,
        concern_inputs: &ConcernInputs::default(),
    };
    let error = EngineError::Store(StoreError::LeaseLost);
    notifier.for_run(&nightly()).on_end(context, Err(&error));
    std::thread::scope(|scope| {
        let first =
            scope.spawn(|| deliver(&notifier, store, environment, DeliveryMode::All).unwrap());
        let (mut stream, _) = listener.accept().unwrap();
        // The first process waits for the answer while the second one looks into the outbox.
        let second = deliver(&notifier, store, environment, DeliveryMode::All).unwrap();
        assert_eq!(second, []);
        let answer = "HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        assert!(stream.read(&mut [0; 4_096]).unwrap() > 0);
        stream.write_all(answer.as_bytes()).unwrap();
        drop(stream);
        let first = first.join().unwrap();
        assert!(
            matches!(first[0].outcome, DeliveryOutcome::Retry(_)),
            "{first:?}"
        );
    });
}

#[test]
fn messages_of_an_unknown_form_are_kept_and_reported() {
    let notify = NotifyHarness::new();
    let store = &notify.harness.store;
    let now = notify.harness.environment.wall_clock.now();
    let added = store.writer().unwrap().write(|writing| {
        writing.outbox().add("pager", "{}", now)?;
        writing
            .outbox()
            .add("webhook", "{\"letter\":\"parcel\"}", now)
    });
    added.map_err(|error: StoreError| error).unwrap();
    let outcomes = notify.send(DeliveryMode::DueOnly);
    assert_eq!(
        outcomes[0],
        DeliveryOutcome::Unreadable("unknown channel `pager`".to_owned())
    );
    assert!(
        matches!(&outcomes[1], DeliveryOutcome::Unreadable(reason) if reason.contains("parcel"))
    );
    assert!(
        notify.send(DeliveryMode::DueOnly).is_empty(),
        "reported before its next attempt"
    );
    let kept = store.read(|reading| reading.outbox().messages()).unwrap();
    assert_eq!(kept.len(), 2);
}
