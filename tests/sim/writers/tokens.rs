//! Tokens of the server.

use plimsoll::domain::TokenScope;
use plimsoll::serve::access::{new_token, revoke_token};
use plimsoll::store::Store;

use super::scene::{Scene, Writer, Written};

pub(super) const WRITERS: &[Writer] = &[
    Writer::new("create a token", create_token),
    Writer::new("revoke a token", |scene, store| {
        revoke_token(&store, &scene.environment(), "night")?;
        Ok(())
    })
    .after(create_token),
];

fn create_token(scene: &Scene, store: Store) -> Written {
    let environment = scene.environment();
    new_token(&store, &environment, "night", TokenScope::Read, None)?;
    Ok(())
}
