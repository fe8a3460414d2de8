//! One way to change what is set up: read, compare, check, store, publish.

use std::sync::Arc;

use axum::http::StatusCode;
use provision::{Change, Directory, Entity, Key, Kind, Plan, Reading, Role, User};
use tokio::sync::OwnedSemaphorePermit;

use crate::auth::{Hasher, Identity};
use crate::ports::ApplyError;
use crate::problem::{FieldError, Problem};
use crate::router::Web;

/// The right to change something now; each change is checked against what the one before left.
pub(crate) struct Turn(OwnedSemaphorePermit);

/// Waits until no other change is under way.
pub(crate) async fn turn(web: &Web) -> Result<Turn, Problem> {
    let turn = Arc::clone(&web.writing).acquire_owned().await;
    turn.map(Turn).map_err(|closed| Problem::internal(&closed))
}

/// Runs `read` with what reading takes, off the async threads: passwords are hashed on the way.
pub(crate) async fn read<T, F>(web: &Web, read: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce(&Reading<'_>) -> T + Send + 'static,
{
    let (realm, current) = (web.ports.realm.clone(), web.ports.node.directory());
    let work = move |hasher: &Hasher| read(&Reading { realm: &realm, current: &current, hasher });
    web.passwords.in_turn(work).await
}

/// What setting one entity would do.
pub(crate) fn put(web: &Web, entity: Entity) -> Result<Plan, Problem> {
    let key = entity.key();
    plan(web, |wanted| wanted.put(entity)).map_err(|problems| invalid(&problems, Some(&key)))
}

/// What removing one entity would do; 409 when others lean on it.
pub(crate) fn remove(web: &Web, key: &Key) -> Result<Plan, Problem> {
    plan(web, |wanted| {
        wanted.remove(key);
    })
    .map_err(|problems| {
        let leaning = problems.first().map(ToString::to_string).unwrap_or_default();
        Problem::new(StatusCode::CONFLICT, format!("without {key}: {leaning}"))
    })
}

fn plan(web: &Web, change: impl FnOnce(&mut Directory)) -> Result<Plan, Vec<provision::Problem>> {
    let current = web.ports.node.directory();
    let mut wanted = Directory::clone(&current);
    change(&mut wanted);
    let problems = provision::check(&wanted);
    if problems.is_empty() {
        return Ok(Plan { changes: provision::diff(&current, &wanted), wanted });
    }
    Err(problems)
}

/// Makes a plan true. It is finished even if the asker goes away meanwhile.
pub(crate) async fn commit(web: &Web, who: &Identity, plan: Plan, turn: Turn) -> Result<(), Problem> {
    allow(who, &web.ports.node.directory(), &plan)?;
    make(web, who, plan, turn).await
}

/// Makes a plan true without asking whether `who` may: the caller has.
pub(crate) async fn make(web: &Web, who: &Identity, plan: Plan, turn: Turn) -> Result<(), Problem> {
    if plan.changes.is_empty() {
        return Ok(());
    }
    for change in &plan.changes {
        tracing::info!(by = who.name, %change, "set up");
    }
    let shut_out = shut_out(&plan.changes);
    let (node, store) = (Arc::clone(&web.ports.node), web.ports.store.clone());
    let work = async move {
        node.apply(plan).await?;
        for login in shut_out {
            let ended = store.end_sessions_of(&login).await;
            ended.map_err(|error| ApplyError::Store(error.to_string()))?;
        }
        drop(turn.0);
        Ok(())
    };
    let done = tokio::spawn(work).await.map_err(|error| Problem::internal(&error))?;
    done.map_err(|error: ApplyError| match error {
        ApplyError::Refused { .. } => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        ApplyError::Store(_) => Problem::internal(&error),
    })
}

/// Refuses changes to admins and owners by others than owners, and the end of the last owner.
pub(crate) fn allow(who: &Identity, current: &Directory, plan: &Plan) -> Result<(), Problem> {
    for key in plan.changes.iter().map(Change::key).filter(|key| key.kind == Kind::User) {
        for user in [&current.users, &plan.wanted.users].into_iter().filter_map(|users| users.get(&key.name))
        {
            who.require_over(user.role)?;
        }
    }
    let owned = |directory: &Directory| directory.users.values().any(|user: &User| user.role == Role::Owner);
    if owned(current) && !owned(&plan.wanted) {
        return Err(Problem::new(StatusCode::CONFLICT, "the last owner must stay"));
    }
    Ok(())
}

/// Users whose sessions end: they are gone or have another password.
fn shut_out(changes: &[Change]) -> Vec<String> {
    let gone = changes.iter().filter(|change| match change {
        Change::Added(_) => false,
        Change::Removed(_) => true,
        Change::Changed { fields, .. } => fields.iter().any(|changed| changed.field == "password_hash"),
    });
    gone.map(Change::key).filter(|key| key.kind == Kind::User).map(|key| key.name).collect()
}

/// Everything that is wrong; fields of the entity `own` go without its name.
pub(crate) fn invalid(problems: &[provision::Problem], own: Option<&Key>) -> Problem {
    let error = |problem: &provision::Problem| {
        let named = problem.key.as_ref().filter(|key| own != Some(key));
        let field = match named {
            Some(key) if problem.field.is_empty() => key.to_string(),
            Some(key) => format!("{key}: {}", problem.field),
            None => problem.field.clone(),
        };
        let line = Some(problem.line).filter(|line| *line > 0);
        FieldError { field, detail: problem.reason.clone(), line }
    };
    Problem::invalid(problems.iter().map(error).collect())
}
