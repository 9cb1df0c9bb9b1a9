//! Random worlds and requests, by every combination of single rules, against the twin.

use std::collections::BTreeMap;

use plimsoll::domain::{Day, Phase, PhaseSet, Scope};
use plimsoll::plan::{
    Deleted, Filter, FirstRun, InvalidationCause, Limit, Newcomers, Policy, PolicyName, Request,
    Target, UnknownIds, Watermark, WatermarkScope,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::reference_model;
use super::world::{Lifespan, World, day, scope_of, today};

/// Ids are spread out, so that sets of them span several containers of a bitmap.
const IDS: [u32; 6] = [1, 2, 3, 65_535, 65_536, 200_000];

/// What was left of one cell.
#[derive(Debug, Clone, Copy)]
struct CellState {
    id: u32,
    session: usize,
    done: PhaseSet,
    /// The phases with something the matter, and what.
    problem: (PhaseSet, Problem),
    has_row: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Problem {
    Nothing,
    Invalid(i64),
    Quarantined,
    Blocked,
}

/// Worlds of up to six portfolios over up to seven sessions.
pub(crate) fn worlds() -> impl Strategy<Value = World> {
    let sessions = subsequence((0..10).collect::<Vec<_>>(), 1..=7);
    let length = proptest::option::weighted(0.3, 0..6_i32);
    let life = (0..10_i32, length, proptest::bool::weighted(0.2));
    let life = life.prop_map(|(first, length, deleted)| Lifespan {
        first: day(first),
        last: length.map(|length| day(first + length)),
        deleted,
    });
    let lives = proptest::collection::vec(life, 1..=IDS.len());
    let cells = proptest::collection::vec(cell_states(), 0..60);
    (sessions, lives, cells).prop_map(|(sessions, lives, cells)| build(sessions, lives, cells))
}

/// Worlds in which nothing is quarantined or blocked.
pub(crate) fn unblocked_worlds() -> impl Strategy<Value = World> {
    worlds().prop_map(|mut world| {
        world.quarantined.clear();
        world.blocked.clear();
        world
    })
}

fn cell_states() -> impl Strategy<Value = CellState> {
    let phases = || (0..16_u8).prop_map(|bits| PhaseSet::from_bits(bits << 3));
    let done = prop_oneof![3 => Just(PhaseSet::CELL_PHASES), 2 => phases()];
    let mark = prop_oneof![
        6 => Just(Problem::Nothing),
        2 => (1..4_i64).prop_map(Problem::Invalid),
        1 => Just(Problem::Quarantined),
        1 => Just(Problem::Blocked),
    ];
    let cell = (select(&IDS[..]), 0..7_usize);
    (cell, done, (phases(), mark), any::<bool>()).prop_map(|((id, session), done, mark, row)| {
        CellState {
            id,
            session,
            done,
            problem: mark,
            has_row: row,
        }
    })
}

fn build(sessions: Vec<i32>, lives: Vec<Lifespan>, cells: Vec<CellState>) -> World {
    let mut world = World {
        sessions: sessions.into_iter().map(day).collect(),
        ..World::default()
    };
    for (id, life) in IDS.into_iter().zip(lives) {
        world.lifespans.insert(id, life);
    }
    for left in cells {
        apply_cell_state(&mut world, left);
    }
    world
}

fn apply_cell_state(world: &mut World, left: CellState) {
    let Some(session) = world.sessions.get(left.session).copied() else {
        return;
    };
    if !world.lifespans.contains_key(&left.id) {
        return;
    }
    let cell = |phase: Phase| (session, left.id, phase);
    world.done.extend(left.done.iter().map(cell));
    if left.has_row || left.done.contains(Phase::Snapshot) {
        world.rows.insert((session, left.id));
    }
    let (phases, mark) = left.problem;
    match mark {
        Problem::Nothing => {}
        Problem::Quarantined => world.quarantined.extend(phases.iter().map(cell)),
        Problem::Blocked => drop(world.blocked.insert((session, left.id))),
        Problem::Invalid(id) => {
            let cause = [InvalidationCause::Price, InvalidationCause::Forced][usize::from(id == 2)];
            for phase in phases.iter() {
                world.invalidate(id, cause, cell(phase));
            }
        }
    }
}

/// Every combination of rules, the presets more often.
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
        first_run: FirstRun::FromEarliestInception,
    });
    let preset = select(&PolicyName::ALL[..]).prop_map(PolicyName::policy);
    prop_oneof![1 => preset, 2 => single]
}

/// Scopes, one of whose ids may be nobody's.
fn scopes() -> impl Strategy<Value = Scope> {
    let mut ids = IDS.to_vec();
    ids.push(9);
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

/// The session a target means, found by looking at each.
fn resolve_target(world: &World, request: &Request) -> Option<Day> {
    let asked = match request.target {
        Target::LastFinal => today(world).last_final,
        Target::On(asked) => asked,
    };
    let sessions = world.sessions.iter().copied();
    sessions.filter(|session| *session <= asked).max()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// A target for which no session is known, one in the future and a reversed range are
    /// refused; everything else is planned as the twin plans it.
    #[test]
    fn planner_matches_reference_model_for_all_rules(world in worlds(), request in requests()) {
        let Ok(plan) = world.plan(&request) else {
            let future = matches!(request.target, Target::On(asked) if asked > today(&world).date);
            let reversed = request.from.zip(request.to).is_some_and(|(from, to)| from > to);
            let Some(target) = resolve_target(&world, &request) else { return Ok(()) };
            let refused = future || reversed || reference_model::decisions(&world, &request, target).is_none();
            prop_assert!(refused, "refused without a reason");
            return Ok(());
        };
        let target = plan.target.day;
        let answers = reference_model::decisions(&world, &request, target).unwrap_or_default();
        let found: BTreeMap<_, _> = answers.keys().map(|cell| (*cell, plan.decision(*cell))).collect();
        prop_assert_eq!(&found, &answers);
        let cells = plan.days.len() as u64 * plan.members.len();
        prop_assert_eq!(cells, answers.len() as u64);
    }
}

/// A world of 300 portfolios over 40 sessions, from arithmetic rather than chance.
fn large_world() -> World {
    let mut world = World {
        sessions: (0..60).filter(|n| n % 7 < 5).map(day).collect(),
        ..World::default()
    };
    for n in 0..300_u32 {
        let first = (n * n % 23) as i32;
        let life = Lifespan {
            first: day(first),
            last: (n % 11 == 0).then(|| day(first + (n % 30) as i32)),
            deleted: n % 17 == 0,
        };
        world.lifespans.insert(n * 700, life);
    }
    let sessions = world.sessions.clone();
    for (s, session) in sessions.into_iter().enumerate() {
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
        let answers = reference_model::decisions(&world, &request, plan.target.day).unwrap();
        assert_eq!(answers.len() as u64, plan.days.len() as u64 * 300);
        for (cell, answer) in answers {
            assert_eq!(plan.decision(cell), answer, "{name}: {cell}");
        }
    }
}
