//! Hold, transfers and consultations of a live call, and who takes part in it how.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::{CallOrder, ConsultAct, Part};
use serde_json::Value;

use super::body::Body;
use super::orders::{live, one_leg, optional, send};
use crate::auth::Identity;
use crate::problem::Problem;
use crate::router::Web;
use crate::view::CallView;

/// Letters of a number or extension at most.
const NUMBER_CHARS: usize = 64;

type Answer = Result<(StatusCode, Json<Value>), Problem>;

/// Leads those who talk with one side on to somebody else, without asking.
pub(crate) async fn transfer(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let leg = one_leg(&mut body, &view)?;
    let to = number(&mut body)?;
    let on_failure: Option<String> = optional(&mut body, "on_failure", FAILURES)?;
    let stays: Option<bool> = optional(&mut body, "stays", "true or false")?;
    body.finish()?;
    if let Some(found) = on_failure.as_deref().filter(|found| !is_failure(found)) {
        let found: String = found.chars().take(80).collect();
        return Err(Problem::field("on_failure", format!("found {found:?}; allowed: {FAILURES}")));
    }
    talks(&view, leg)?;
    free(&view)?;
    send(&web, &who, call, CallOrder::Transfer { leg, to, on_failure, stays: stays.unwrap_or(false) })
}

/// Rings somebody whom one side wants to ask; the others wait.
pub(crate) async fn consult(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let leg = one_leg(&mut body, &view)?;
    let to = number(&mut body)?;
    body.finish()?;
    talks(&view, leg)?;
    free(&view)?;
    send(&web, &who, call, CallOrder::Consult { leg, to })
}

/// Does something about the one who is asked.
pub(crate) async fn consulted(
    State(web): State<Web>,
    Path((id, act)): Path<(String, String)>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let leg = one_leg(&mut body, &view)?;
    let stays: Option<bool> = match act.as_str() {
        "complete" => optional(&mut body, "stays", "true or false")?,
        _others => None,
    };
    body.finish()?;
    let act = match act.as_str() {
        "complete" => ConsultAct::Complete { stays: stays.unwrap_or(false) },
        "abandon" => ConsultAct::Abandon,
        "alternate" => ConsultAct::Alternate,
        "merge" => ConsultAct::Merge,
        _unknown => return Err(Problem::nothing_here()),
    };
    talks(&view, leg)?;
    let doing = &view.doing;
    let waits_for_answer = matches!(act, ConsultAct::Alternate | ConsultAct::Merge);
    if doing.what != "consultation" || doing.by != Some(leg) {
        return Err(conflict(format!("leg {leg} asks nobody")));
    }
    if waits_for_answer && !doing.answered {
        return Err(conflict(format!("{} has not answered", doing.to)));
    }
    send(&web, &who, call, CallOrder::Consulted { leg, act })
}

/// Lets those who talk with one side wait with music.
pub(crate) async fn hold(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    body: Body,
) -> Answer {
    held(&web, &who, &id, body, true)
}

/// Lets those who wait for one side talk with it again.
pub(crate) async fn retrieve(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    body: Body,
) -> Answer {
    held(&web, &who, &id, body, false)
}

fn held(web: &Web, who: &Identity, id: &str, mut body: Body, on: bool) -> Answer {
    let (call, view) = live(web, who, id)?;
    let leg = one_leg(&mut body, &view)?;
    body.finish()?;
    talks(&view, leg)?;
    match (on, view.doing.holder) {
        (true, Some(holder)) => return Err(conflict(format!("leg {holder} holds the others already"))),
        (false, holder) if holder != Some(leg) => {
            return Err(conflict(format!("leg {leg} holds nobody")));
        }
        (true, None) | (false, _) => {}
    }
    send(web, who, call, CallOrder::Hold { leg, on })
}

/// Ends one side; the others go on where they can.
pub(crate) async fn let_go(
    State(web): State<Web>,
    who: Identity,
    Path((id, leg)): Path<(String, usize)>,
    body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    body.finish()?;
    talks(&view, there(&view, leg)?)?;
    send(&web, &who, call, CallOrder::Drop { leg })
}

/// Changes whom one side hears and who hears it.
pub(crate) async fn part(
    State(web): State<Web>,
    who: Identity,
    Path((id, leg)): Path<(String, usize)>,
    mut body: Body,
) -> Answer {
    const ALLOWED: &str = "talks, listens or coaches";
    let (call, view) = live(&web, &who, &id)?;
    let part: String = body.take("part", ALLOWED)?;
    let whom: Option<usize> = optional(&mut body, "whom", "the place of a leg in the call, from 0")?;
    body.finish()?;
    talks(&view, there(&view, leg)?)?;
    let part = match (part.as_str(), whom) {
        ("talks", None) => Part::Talks,
        ("listens", None) => Part::Listens,
        ("coaches", Some(whom)) if whom != leg && is_up(&view, whom) => Part::Coaches { leg: whom },
        ("coaches", _) => {
            return Err(Problem::field("whom", "allowed: the place of another leg that talks, from 0"));
        }
        ("talks" | "listens", Some(_)) => {
            return Err(Problem::field("whom", "allowed: only with part coaches"));
        }
        (found, _) => {
            let found: String = found.chars().take(80).collect();
            return Err(Problem::field("part", format!("found {found:?}; allowed: {ALLOWED}")));
        }
    };
    send(&web, &who, call, CallOrder::TakePart { leg, part })
}

const FAILURES: &str = "none, agent, or a destination such as voicemail:1001";

fn is_failure(text: &str) -> bool {
    matches!(text, "none" | "agent") || text.parse::<provision::Destination>().is_ok()
}

fn number(body: &mut Body) -> Result<String, Problem> {
    let to: String = body.take("to", "an extension or number, as it is dialled")?;
    let fits = |letter: char| letter.is_ascii_graphic();
    if to.is_empty() || to.chars().count() > NUMBER_CHARS || !to.chars().all(fits) {
        return Err(Problem::field("to", format!("allowed: 1 to {NUMBER_CHARS} letters, as it is dialled")));
    }
    Ok(to)
}

fn there(call: &CallView, leg: usize) -> Result<usize, Problem> {
    match call.legs.get(leg) {
        Some(_) => Ok(leg),
        None => Err(Problem::not_found(format!("the call has no leg {leg}"))),
    }
}

fn is_up(call: &CallView, leg: usize) -> bool {
    call.legs.get(leg).is_some_and(|leg| leg.state == "talking")
}

/// Only who talks can do this.
fn talks(call: &CallView, leg: usize) -> Result<(), Problem> {
    if call.state != "talking" {
        return Err(conflict("the call is not answered"));
    }
    if !is_up(call, leg) {
        return Err(conflict(format!("leg {leg} does not talk")));
    }
    Ok(())
}

/// One thing at a time.
fn free(call: &CallView) -> Result<(), Problem> {
    match call.doing.what.as_str() {
        "" => Ok(()),
        what => Err(conflict(format!("a {what} to {} is under way", call.doing.to))),
    }
}

fn conflict(why: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, why)
}
