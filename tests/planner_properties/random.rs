//! Compares the planner with the reference model on random worlds and requests, for all
//! combinations of rules.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::domain::{Day, InvalidationCause, Phase, PhaseSet, Scope};
use plimsoll::plan::{
    Deleted, Filter, Limit, Newcomers, Policy, PolicyName, Request, Target, UnknownIds, Watermark,
    WatermarkScope,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::reference_model;
use super::world::{Lifespan, World, day, scope_of, today};

/// Ids are spread out, so that sets of them span several containers of a bitmap.
const IDS: [u32; 6] = [1, 2, 3, 65_535, 65_536, 200_000];

/// The generated state of one cell.
#[derive(Debug, Clone, Copy)]
struct CellState {
    id: u32,
    session: usize,
    done: PhaseSet,
    /// The phases with a problem, and its kind.
    problem: (PhaseSet, Problem),
    has_row: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Problem {
    Nothing,
    Invalid(i64),
    Quarantined,
    Blocked,
    Unpriced,
}

/// Generates worlds of up to six portfolios over up to seven sessions.
pub(crate) fn worlds() -> impl Strategy<Value = World> {
    let sessions = subsequence((0..10).collect::<Vec<_>>(), 1..=7);
    let length = proptest::option::weighted(0.3, 0..6_i32);
    let lifespan = (0..10_i32, length, proptest::bool::weighted(0.2));
    let lifespan = lifespan.prop_map(|(first, length, deleted)| Lifespan {
        first: day(first),
        last: length.map(|length| day(first + length)),
        deleted,
    });
    let lifespans = proptest::collection::vec(lifespan, 1..=IDS.len());
    let cells = proptest::collection::vec(cell_states(), 0..60);
    (sessions, lifespans, cells, calendars()).prop_map(|(sessions, lifespans, cells, calendars)| {
        let mut world = build(sessions, lifespans, cells);
        world.calendars = calendars;
        world
    })
}

/// Generates up to two calendars of portfolios; half of the worlds have none.
fn calendars() -> impl Strategy<Value = Vec<(BTreeSet<u32>, Vec<Day>)>> {
    let own = || subsequence((0..10).collect::<Vec<_>>(), 0..=8);
    let owners = proptest::collection::vec(0..3_u8, IDS.len());
    let calendars = (owners, own(), own()).prop_map(|(owners, first, second)| {
        let named = |number: u8, own: Vec<i32>| {
            let ids = IDS.into_iter().zip(&owners);
            let ids = ids.filter(|(_, owner)| **owner == number).map(|(id, _)| id);
            (ids.collect(), own.into_iter().map(day).collect())
        };
        vec![named(1, first), named(2, second)]
    });
    prop_oneof![Just(Vec::new()), calendars]
}

/// Generates worlds without quarantined or blocked cells.
pub(crate) fn unblocked_worlds() -> impl Strategy<Value = World> {
    worlds().prop_map(|mut world| {
        world.quarantined.clear();
        world.blocked.clear();
        world.unpriced.clear();
        world
    })
}

fn cell_states() -> impl Strategy<Value = CellState> {
    let phases = || (0..16_u8).prop_map(|bits| PhaseSet::from_bits(bits << 3));
    let done = prop_oneof![3 => Just(PhaseSet::CELL_PHASES), 2 => phases()];
    let problem = prop_oneof![
        6 => Just(Problem::Nothing),
        2 => (1..4_i64).prop_map(Problem::Invalid),
        1 => Just(Problem::Quarantined),
        1 => Just(Problem::Blocked),
        1 => Just(Problem::Unpriced),
    ];
    let cell = (select(&IDS[..]), 0..7_usize);
    (cell, done, (phases(), problem), any::<bool>()).prop_map(
        |((id, session), done, problem, has_row)| CellState {
            id,
            session,
            done,
            problem,
            has_row,
        },
    )
}

fn build(sessions: Vec<i32>, lifespans: Vec<Lifespan>, cells: Vec<CellState>) -> World {
    let mut world = World {
        sessions: sessions.into_iter().map(day).collect(),
        ..World::default()
    };
    for (id, lifespan) in IDS.into_iter().zip(lifespans) {
        world.lifespans.insert(id, lifespan);
    }
    for state in cells {
        apply_cell_state(&mut world, state);
    }
    world
}

fn apply_cell_state(world: &mut World, state: CellState) {
    let Some(session) = world.sessions.get(state.session).copied() else {
        return;
    };
    if !world.lifespans.contains_key(&state.id) {
        return;
    }
    let cell = |phase: Phase| (session, state.id, phase);
    world.done.extend(state.done.iter().map(cell));
    if state.has_row || state.done.contains(Phase::Snapshot) {
        world.rows.insert((session, state.id));
    }
    let (phases, problem) = state.problem;
    match problem {
        Problem::Nothing => {}
        Problem::Quarantined => world.quarantined.extend(phases.iter().map(cell)),
        Problem::Blocked => drop(world.blocked.insert((session, state.id))),
        Problem::Unpriced => drop(world.unpriced.insert(session)),
        Problem::Invalid(id) => {
            let cause = [InvalidationCause::Price, InvalidationCause::Forced][usize::from(id == 2)];
            for phase in phases.iter() {
                world.invalidate(id, cause, cell(phase));
            }
        }
    }
}

/// Generates all combinations of rules, presets more often.
fn policies() -> impl Strategy<Value = Policy> {
    let rules = (
        select(
            &[
                Watermark::GlobalMax,
                Watermark::MinOfMax,
                Watermark::BeforeTarget,
                Watermark::None,
            ][..],
        ),
        select(&[WatermarkScope::Honoured, WatermarkScope::Ignored][..]),
        select(&[Deleted::Excluded, Deleted::Included][..]),
        select(&[Filter::None, Filter::SnapshotExists, Filter::AllPhases][..]),
        select(
            &[
                Newcomers::FromRangeStart,
                Newcomers::FromInception,
                Newcomers::LeftToOnboarding,
            ][..],
        ),
        select(&[UnknownIds::Refuse, UnknownIds::Skip, UnknownIds::WidenToAll][..]),
    );
    let single = rules.prop_map(|rules| Policy {
        watermark: rules.0,
        watermark_scope: rules.1,
        deleted: rules.2,
        filter: rules.3,
        newcomers: rules.4,
        unknown_ids: rules.5,
    });
    let preset = select(&PolicyName::ALL[..]).prop_map(PolicyName::policy);
    prop_oneof![1 => preset, 2 => single]
}

/// Generates scopes, some with an id that no portfolio has.
fn scopes() -> impl Strategy<Value = Scope> {
    let mut ids = IDS.to_vec();
    ids.push(9); // never in `IDS`, so always unknown
    let named = subsequence(ids, 1..=4).prop_map(scope_of);
    prop_oneof![Just(Scope::AllActive), named]
}

fn requests() -> impl Strategy<Value = Request> {
    let days = || proptest::option::of((0..10_i32).prop_map(day));
    let limit = prop_oneof![3 => Just(Limit::None), 1 => (0..12_u64).prop_map(Limit::Cells)];
    let phases = prop_oneof![
        3 => Just(PhaseSet::CELL_PHASES),
        1 => (1..16_u8).prop_map(|bits| PhaseSet::from_bits(bits << 3)),
    ];
    (scopes(), policies(), days(), days(), days(), limit, phases).prop_map(
        |(scope, policy, from, to, target, limit, phases)| Request {
            scope,
            policy,
            from,
            to,
            target: target.map_or(Target::LastFinal, Target::On),
            limit,
            phases,
        },
    )
}

/// Resolves a target to its session by a linear search.
fn resolve_target(world: &World, request: &Request) -> Option<Day> {
    let requested = match request.target {
        Target::LastFinal => today(world).last_final,
        Target::On(day) => day,
    };
    let sessions = world.sessions.iter().copied();
    sessions.filter(|session| *session <= requested).max()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// A target without a session, a target in the future, a reversed range and an invalid scope
    /// are refused. All other requests are planned as by the model.
    #[test]
    fn planner_matches_reference_model_for_all_rules(world in worlds(), request in requests()) {
        let Ok(plan) = world.plan(&request) else {
            let future = matches!(request.target, Target::On(day) if day > today(&world).date);
            let reversed = request.from.zip(request.to).is_some_and(|(from, to)| from > to);
            let Some(target) = resolve_target(&world, &request) else { return Ok(()) };
            let refused = future || reversed || reference_model::decisions(&world, &request, target).is_none();
            prop_assert!(refused, "refused without a reason");
            return Ok(());
        };
        let target = plan.target.day;
        let expected = reference_model::decisions(&world, &request, target).unwrap_or_default();
        let found: BTreeMap<_, _> = expected.keys().map(|cell| (*cell, plan.decision(*cell))).collect();
        prop_assert_eq!(&found, &expected);
        let cells = plan.days.len() as u64 * plan.members.len();
        prop_assert_eq!(cells, expected.len() as u64);
    }
}

/// Builds a world of 300 portfolios over 60 days, by arithmetic instead of random choices.
fn large_world() -> World {
    let mut world = World {
        sessions: (0..60).filter(|n| n % 7 < 5).map(day).collect(),
        ..World::default()
    };
    for n in 0..300_u32 {
        let first = (n * n % 23) as i32;
        let lifespan = Lifespan {
            first: day(first),
            last: (n % 11 == 0).then(|| day(first + (n % 30) as i32)),
            deleted: n % 17 == 0,
        };
        world.lifespans.insert(n * 700, lifespan);
    }
    let sessions = world.sessions.clone();
    for (s, session) in sessions.into_iter().enumerate() {
        if s % 10 == 7 {
            world.unpriced.insert(session);
        }
        for n in (0..300_u32).filter(|n| *n % 13 != 0 || s < 9) {
            let id = n * 700;
            match (n as usize * 31 + s * 17) % 41 {
                0 => {}
                1 => drop(world.rows.insert((session, id))),
                2 => drop(world.done.insert((session, id, Phase::Snapshot))),
                3 => drop(world.quarantined.insert((session, id, Phase::Risk))),
                4 => drop(world.blocked.insert((session, id))),
                _ => world.complete(session, id),
            }
        }
    }
    world
}

#[test]
fn planner_matches_reference_model_on_a_large_world() {
    let world = large_world();
    for name in PolicyName::ALL {
        let request = Request {
            policy: name.policy(),
            ..Request::new(Scope::AllActive)
        };
        let plan = world.plan(&request).unwrap();
        let decisions = reference_model::decisions(&world, &request, plan.target.day).unwrap();
        assert_eq!(decisions.len() as u64, plan.days.len() as u64 * 300);
        for (cell, expected) in decisions {
            assert_eq!(plan.decision(cell), expected, "{name}: {cell}");
        }
    }
}
