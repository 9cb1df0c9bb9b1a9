//! Checks the planner against the reference model for every preset, on all worlds of a few small
//! shapes. Each test enumerates the worlds of one shape.

use plimsoll::domain::{Cell, Day, InvalidationCause, Phase, PortfolioId};
use plimsoll::plan::{Decision, PolicyName, Request};

use super::reference_model;
use super::world::{Lifespan, World, day, request_up_to};

/// Asserts, for every preset, that the planner and the reference model decide alike on every cell
/// of the plan, and that the model decides on no other cell.
fn assert_matches_reference_model(world: &World, request: &Request) {
    for name in PolicyName::ALL {
        let policy = name.policy();
        let request = Request {
            policy,
            ..request.clone()
        };
        let plan = world.plan(&request).unwrap();
        let decisions = reference_model::decisions(world, &request, plan.target.day).unwrap();
        for (cell, expected) in &decisions {
            let decision = plan.decision(*cell);
            assert_eq!(decision, *expected, "{name}: {cell} of {world:?}");
        }
        let cells = plan.days.len() as u64 * plan.members.len();
        assert_eq!(cells, decisions.len() as u64);
    }
}

/// Builds a world of four sessions with a weekend between the second and the third.
fn four_sessions() -> World {
    World {
        sessions: [0, 1, 4, 5].map(day).to_vec(),
        ..World::default()
    }
}

/// Enumerates 3 portfolios × 4 sessions, each cell complete or untouched: 2^12 worlds.
#[test]
fn three_portfolios_four_sessions_all_hole_patterns() {
    for holes in 0..1_u32 << 12 {
        let mut world = four_sessions();
        for id in 1..=3 {
            world.add_portfolio(id, day(0));
        }
        for (at, (session, id)) in cells_of(&world, &[1, 2, 3]).into_iter().enumerate() {
            if holes & (1 << at) == 0 {
                world.complete(session, id);
            }
        }
        assert_matches_reference_model(&world, &request_up_to(day(5)));
    }
}

/// Enumerates 2 portfolios × 3 sessions, each cell in one of four states (untouched, a row without
/// a ledger entry, only the snapshot done, complete): 4^6 worlds.
#[test]
fn two_portfolios_three_sessions_all_crash_states() {
    for states in 0..1_u32 << 12 {
        let mut world = four_sessions();
        world.sessions.pop();
        for id in 1..=2 {
            world.add_portfolio(id, day(0));
        }
        for (at, (session, id)) in cells_of(&world, &[1, 2]).into_iter().enumerate() {
            set_cell_state(&mut world, (states >> (2 * at)) & 0b11, session, id);
        }
        assert_matches_reference_model(&world, &request_up_to(day(4)));
    }
}

/// Enumerates the lifecycles of one portfolio beside a second one that is always open, on 4
/// sessions. The lifecycle starts on any day from 0 to 6 (with the weekend and the day after the
/// last session) and ends on the same day, on a later one or not at all; the portfolio is deleted
/// or not. On the first and third session, the cells of both portfolios are complete or untouched.
#[test]
fn all_lifespans_beside_a_second_portfolio() {
    for first in 0..=6 {
        for last in (first..=6).map(Some).chain([None]) {
            for bits in 0..1_u32 << 5 {
                let mut world = four_sessions();
                world.add_portfolio(2, day(0));
                let lifespan = Lifespan {
                    first: day(first),
                    last: last.map(day),
                    deleted: bits & 1 != 0,
                };
                world.lifespans.insert(1, lifespan);
                for (at, (session, id)) in cells_of(&world, &[1, 2]).into_iter().enumerate() {
                    // Each session has two cells; those of the first and third use bits 1 to 4.
                    let choice = at / 4 * 2 + at % 2;
                    if at % 4 < 2 && bits & (2 << choice) != 0 {
                        world.complete(session, id);
                    }
                }
                assert_matches_reference_model(&world, &request_up_to(day(5)));
            }
        }
    }
}

/// Enumerates one cell with each phase done, open, invalidated or quarantined: 4^4 worlds, each
/// blocked and not blocked.
#[test]
fn one_cell_all_phase_states() {
    for states in 0..1_u32 << 9 {
        let mut world = four_sessions();
        world.sessions.truncate(1);
        world.add_portfolio(1, day(0));
        for (at, phase) in Phase::CELL_PHASES.into_iter().enumerate() {
            let cell = (day(0), 1, phase);
            match (states >> (2 * at)) & 0b11 {
                0 => drop(world.done.insert(cell)),
                1 => {}
                2 => world.invalidate(at as i64, InvalidationCause::Price, cell),
                _ => drop(world.quarantined.insert(cell)),
            }
        }
        if states >> 8 == 1 {
            world.blocked.insert((day(0), 1));
        }
        assert_matches_reference_model(&world, &request_up_to(day(0)));
        let decision = world.plan_all().decision(Cell::new(day(0), PortfolioId(1)));
        assert_ne!(decision, Decision::OutOfPlan);
    }
}

/// Returns the cells of `ids` on all sessions, by session and then in the order of `ids`.
fn cells_of(world: &World, ids: &[u32]) -> Vec<(Day, u32)> {
    let sessions = world.sessions.iter();
    let cells = sessions.flat_map(|session| ids.iter().map(move |id| (*session, *id)));
    cells.collect()
}

/// Puts a cell into one of the four states of [`two_portfolios_three_sessions_all_crash_states`],
/// in their order there.
fn set_cell_state(world: &mut World, state: u32, session: Day, id: u32) {
    match state {
        0 => {}
        1 => drop(world.rows.insert((session, id))),
        2 => {
            world.rows.insert((session, id));
            world.done.insert((session, id, Phase::Snapshot));
        }
        _ => world.complete(session, id),
    }
}
