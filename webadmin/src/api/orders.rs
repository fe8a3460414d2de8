//! What people do with a live call: play to it, send digits, mute, change levels, move it into a conference.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::media::{Gain, RecordingAct, event_of};
use base::{CallId, CallOrder, RecordOrder};
use serde_json::{Value, json};
use sounds::shelf::SoundName;

use super::body::Body;
use super::calls::call_id;
use crate::auth::{Identity, Right};
use crate::ports::OrderError;
use crate::problem::Problem;
use crate::router::Web;
use crate::view::CallView;

pub(super) type Answer = Result<(StatusCode, Json<Value>), Problem>;

/// Plays a prompt to one side or to all.
pub(crate) async fn play(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let leg = leg(&mut body, &view)?;
    let prompt: String = body.take("prompt", "the id of a prompt, such as feature/echo-test")?;
    let language: Option<String> = optional(&mut body, "language", "a language such as en or es")?;
    let times: Option<u16> = optional(&mut body, "times", "1 to 100")?;
    body.finish()?;
    let times = times.unwrap_or(1);
    if !(1..=100).contains(&times) {
        return Err(Problem::field("times", format!("found {times}; allowed: 1 to 100")));
    }
    let is_there = |name: &SoundName| matches!(name, SoundName::Prompt { id, .. } if *id == prompt);
    if !web.ports.sounds.list().iter().any(|held| is_there(&held.name)) {
        return Err(Problem::field("prompt", format!("there is no prompt {prompt:?}")));
    }
    let language = language.unwrap_or_default();
    send(&web, &who, call, CallOrder::Play { leg, prompt, language, times })
}

/// Ends all that plays to one side or to all.
pub(crate) async fn stop(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let leg = leg(&mut body, &view)?;
    body.finish()?;
    send(&web, &who, call, CallOrder::Stop { leg })
}

/// Sends digits to one side.
pub(crate) async fn digits(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let leg = one_leg(&mut body, &view)?;
    let digits: String = body.take("digits", "digits, * and #, A to D, and , for a pause")?;
    body.finish()?;
    let fits = |digit: char| digit == ',' || event_of(digit).is_some();
    if digits.is_empty() || digits.len() > base::limits::COLLECTED_DIGITS || !digits.chars().all(fits) {
        let most = base::limits::COLLECTED_DIGITS;
        return Err(Problem::field("digits", format!("allowed: 1 to {most} of 0-9 * # A-D and ,")));
    }
    send(&web, &who, call, CallOrder::Digits { leg, digits })
}

/// Mutes one side, makes it deaf, or makes it louder or softer.
pub(crate) async fn voice(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let leg = one_leg(&mut body, &view)?;
    let muted = optional(&mut body, "muted", "true or false")?;
    let deaf = optional(&mut body, "deaf", "true or false")?;
    let gain_db: Option<f32> = optional(&mut body, "gain_db", "-60 to 20")?;
    body.finish()?;
    if let Some(found) = gain_db.filter(|gain| !(-60.0..=20.0).contains(gain)) {
        return Err(Problem::field("gain_db", format!("found {found}; allowed: -60 to 20")));
    }
    let gain = gain_db.map(|gain| Gain::centibels((gain * 100.0).round() as i32));
    send(&web, &who, call, CallOrder::Voice { leg, muted, deaf, gain })
}

/// Does what a phone asks for by a code pressed in its call.
pub(crate) async fn code(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let leg = one_leg(&mut body, &view)?;
    let code: String = body.take("code", "a code as a phone presses it, such as *1")?;
    body.finish()?;
    if phone::keys::InCall::of(&code).is_none() {
        let found: String = code.chars().take(80).collect();
        return Err(Problem::field(
            "code",
            format!("found {found:?}; allowed: a code pressed in a call, such as *1"),
        ));
    }
    send(&web, &who, call, CallOrder::Code { leg, code })
}

/// Moves both sides into a conference.
pub(crate) async fn conference(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    let (call, view) = live(&web, &who, &id)?;
    let name: String = body.take("name", "the name of a conference")?;
    body.finish()?;
    if !web.ports.node.directory().conferences.contains_key(&name) {
        return Err(Problem::field("name", format!("there is no conference {name:?}")));
    }
    if view.state != "talking" {
        return Err(Problem::new(StatusCode::CONFLICT, "the call is not answered"));
    }
    send(&web, &who, call, CallOrder::Conference { name })
}

/// Starts a recording, or stops, pauses or resumes the one that runs.
pub(crate) async fn recording(
    State(web): State<Web>,
    Path(id): Path<String>,
    who: Identity,
    mut body: Body,
) -> Answer {
    const ALLOWED: &str = "start, stop, pause or resume";
    let (call, view) = live(&web, &who, &id)?;
    let act: String = body.take("act", ALLOWED)?;
    body.finish()?;
    let order = match act.as_str() {
        "start" => RecordOrder::Start,
        "stop" => RecordOrder::Act(RecordingAct::Stop),
        "pause" => RecordOrder::Act(RecordingAct::Pause),
        "resume" => RecordOrder::Act(RecordingAct::Resume),
        found => {
            let found: String = found.chars().take(80).collect();
            return Err(Problem::field("act", format!("found {found:?}; allowed: {ALLOWED}")));
        }
    };
    let fits = match (order, view.recording.as_str()) {
        (RecordOrder::Start, on) => on.is_empty() && view.state == "talking",
        (RecordOrder::Act(RecordingAct::Pause), on) => on == "on",
        (RecordOrder::Act(RecordingAct::Resume), on) => on == "paused",
        (RecordOrder::Act(RecordingAct::Stop), on) => !on.is_empty(),
    };
    if !fits {
        let now = if view.recording.is_empty() { "not recorded" } else { &view.recording };
        return Err(Problem::new(
            StatusCode::CONFLICT,
            format!("the call is {}, its recording {now}", view.state),
        ));
    }
    send(&web, &who, call, CallOrder::Record(order))
}

/// The live call of an id, for who may do something with it.
pub(super) fn live(web: &Web, who: &Identity, id: &str) -> Result<(CallId, CallView), Problem> {
    who.require(Right::Manage)?;
    let call = call_id(id)?;
    let found = web.ports.node.live().calls.into_iter().find(|call| call.id == id);
    let view = found.ok_or_else(|| Problem::not_found(OrderError::NoSuchCall.to_string()))?;
    Ok((call, view))
}

pub(super) fn send(web: &Web, who: &Identity, call: CallId, order: CallOrder) -> Answer {
    let what = order.word();
    match web.ports.node.order(call, order) {
        Ok(()) => {
            tracing::info!(%call, by = who.name, what, "something is done with a call by hand");
            Ok((StatusCode::ACCEPTED, Json(json!({ "id": call.to_string() }))))
        }
        Err(error) => Err(refused(error)),
    }
}

pub(super) fn refused(error: OrderError) -> Problem {
    match error {
        OrderError::NoSuchCall => Problem::not_found(error.to_string()),
        OrderError::Busy => Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()).retry_after(1),
    }
}

/// The side meant, by its place from 0; all where none is named.
fn leg(body: &mut Body, call: &CallView) -> Result<Option<usize>, Problem> {
    let place: Option<usize> = optional(body, "leg", "the place of a leg in the call, from 0")?;
    match place {
        Some(place) if call.legs.get(place).is_none_or(|leg| leg.state == "ended") => {
            let last = call.legs.len().saturating_sub(1);
            Err(Problem::field("leg", format!("found {place}; allowed: 0 to {last}, and not ended")))
        }
        other => Ok(other),
    }
}

pub(super) fn one_leg(body: &mut Body, call: &CallView) -> Result<usize, Problem> {
    leg(body, call)?
        .ok_or_else(|| Problem::field("leg", "found nothing; allowed: the place of a leg, from 0"))
}

pub(super) fn optional<T: serde::de::DeserializeOwned>(
    body: &mut Body,
    field: &str,
    allowed: &str,
) -> Result<Option<T>, Problem> {
    match body.0.get(field) {
        None | Some(Value::Null) => {
            body.0.remove(field);
            Ok(None)
        }
        Some(_) => body.take(field, allowed).map(Some),
    }
}
