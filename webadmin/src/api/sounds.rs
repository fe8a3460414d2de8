//! `/api/v1/prompts` and `/api/v1/music`: what ships, what users bring.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use base::{Wall, limits};
use provision::{Destination, Directory};
use serde_json::{Value, json};
use sounds::shelf::{BadName, Held, Levelling, NamePart, Origin, SoundName, UploadFault};
use tokio::sync::OwnedSemaphorePermit;

use super::page::{Page, Query, wrong};
use crate::auth::{Identity, Right};
use crate::ports::Sounds;
use crate::problem::Problem;
use crate::router::Web;
use crate::view::text;

/// Prompts or music.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    Prompts,
    Music,
}

impl Shelf {
    /// What a group and a name within it are called: parameters and fields.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Prompts => ("language", "id"),
            Self::Music => ("class", "piece"),
        }
    }

    fn name(self, group: &str, id: &str) -> Result<SoundName, BadName> {
        match self {
            Self::Prompts => SoundName::prompt(group, id),
            Self::Music => SoundName::music(group, id),
        }
    }

    fn holds(self, name: &SoundName) -> bool {
        name.is_music() == (self == Self::Music)
    }

    /// By its address: group and id with a slash between them.
    fn named(self, address: &str) -> Result<SoundName, Problem> {
        let (group, id) = address.split_once('/').unwrap_or((address, ""));
        self.name(group, id).map_err(|_unfit| missing(address))
    }
}

fn missing(name: &str) -> Problem {
    Problem::not_found(format!("there is no sound {name:?}"))
}

/// Sounds by name, a page at a time.
pub(crate) async fn list(
    State(web): State<Web>,
    Extension(shelf): Extension<Shelf>,
    who: Identity,
    mut query: Query,
) -> Result<Json<Page<Value>>, Problem> {
    who.require(Right::SeeCalls)?;
    let limit = query.limit()?;
    let cursor = query.take("cursor").unwrap_or_default();
    let group = query.take(shelf.words().0);
    let search = query.take("search").unwrap_or_default().to_lowercase();
    let users = match query.take("origin").as_deref() {
        None => None,
        Some("user") => Some(true),
        Some("shipped") => Some(false),
        Some(found) => return Err(wrong("origin", found, "user or shipped")),
    };
    query.finish()?;
    let wanted = move |held: &Held| {
        shelf.holds(&held.name)
            && group.as_ref().is_none_or(|group| held.name.group() == group)
            && users.is_none_or(|users| matches!(held.origin, Origin::User { .. }) == users)
            && (held.name.id().contains(&search) || said(held).to_lowercase().contains(&search))
            && address(held) > cursor
    };
    let mut held = blocking(&web, |sounds| sounds.list()).await?;
    held.retain(wanted);
    let more = held.len() > limit;
    held.truncate(limit);
    let next = held.last().filter(|_| more).map(address);
    Ok(Json(Page { items: held.iter().map(|held| view(shelf, held)).collect(), next }))
}

/// One sound.
pub(crate) async fn one(
    State(web): State<Web>,
    Extension(shelf): Extension<Shelf>,
    Path(address): Path<String>,
    who: Identity,
) -> Result<Json<Value>, Problem> {
    who.require(Right::SeeCalls)?;
    let name = shelf.named(&address)?;
    let held = find(&web, name).await?.ok_or_else(|| missing(&address))?;
    Ok(Json(view(shelf, &held)))
}

/// A sound to listen to: WAV, 16 bit mono at 16 kHz.
pub(crate) async fn audio(
    State(web): State<Web>,
    Extension(shelf): Extension<Shelf>,
    Path(address): Path<String>,
    who: Identity,
) -> Result<Response, Problem> {
    who.require(Right::SeeCalls)?;
    let name = shelf.named(&address)?;
    let file = format!("inline; filename=\"{}.wav\"", name.to_string().replace('/', "_"));
    let wav = blocking(&web, move |sounds| sounds.wav(&name)).await?.ok_or_else(|| missing(&address))?;
    Ok(([(CONTENT_TYPE, "audio/wav".to_owned()), (CONTENT_DISPOSITION, file)], wav).into_response())
}

/// Takes in a file; one of the same name is replaced.
pub(crate) async fn upload(
    State(web): State<Web>,
    Extension(shelf): Extension<Shelf>,
    who: Identity,
    mut query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    who.require(Right::Manage)?;
    let (group_word, id_word) = shelf.words();
    let mut needed =
        |word: &str| query.take(word).ok_or_else(|| Problem::parameter(word, "this parameter is needed"));
    let (group, id) = (needed(group_word)?, needed(id_word)?);
    let level = query.choice("level")?.unwrap_or(true);
    query.finish()?;
    let name = shelf.name(&group, &id).map_err(|bad| bad_name(&bad))?;
    let (file, turn) = brought(&web, &headers, body).await?;
    let levelling = if level { Levelling::Level } else { Levelling::Leave };
    let stop = Arc::new(AtomicBool::new(false));
    let _hung_up = HungUp(Arc::clone(&stop));
    let (kept_as, octets) = (name.clone(), file.len());
    let held = blocking(&web, move |sounds| {
        // The work outlives a request that is dropped; its turn is over when the work is.
        let _turn = turn;
        sounds.upload(&kept_as, &file, levelling, &stop)
    })
    .await?;
    let held = held.map_err(|found| fault(&found))?;
    tracing::info!(%name, octets, by = who.name, "a sound was uploaded");
    Ok((StatusCode::CREATED, Json(view(shelf, &held))))
}

/// A file that is uploaded, as a whole, and its turn: as few are taken in at once as there are turns.
pub(super) async fn brought(
    web: &Web,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
    let too_large = || fault(&UploadFault::TooLarge { most: limits::UPLOAD_OCTETS });
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limits::UPLOAD_OCTETS) {
        return Err(too_large());
    }
    let busy = || {
        let detail = "other files are being taken in; try again in a moment";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(5)
    };
    let turn = Arc::clone(&web.uploads).try_acquire_owned().map_err(|_busy| busy())?;
    let file = to_bytes(body, limits::UPLOAD_OCTETS).await.map_err(|_cut| too_large())?;
    Ok((file, turn))
}

/// Stops what is done for a request when the request is dropped.
pub(super) struct HungUp(pub(super) Arc<AtomicBool>);

impl Drop for HungUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Deletes a user's sound. What is set up to be played is refused unless `force` is true.
pub(crate) async fn remove(
    State(web): State<Web>,
    Extension(shelf): Extension<Shelf>,
    Path(address): Path<String>,
    who: Identity,
    mut query: Query,
) -> Result<StatusCode, Problem> {
    who.require(Right::Manage)?;
    let force = query.flag("force")?;
    query.finish()?;
    let name = shelf.named(&address)?;
    let held = find(&web, name.clone()).await?.ok_or_else(|| missing(&address))?;
    match held.origin {
        Origin::Shipped { .. } => {
            let detail = "this sound ships with the switch; upload another of the same name instead";
            return Err(Problem::new(StatusCode::CONFLICT, detail));
        }
        Origin::User { overrides: false, .. } if !force => unused(&web, &name)?,
        Origin::User { .. } => {}
    }
    let gone = name.clone();
    let removed = blocking(&web, move |sounds| sounds.remove(&gone)).await?;
    if !removed.map_err(|error| Problem::internal(&error))? {
        return Err(missing(&address));
    }
    tracing::info!(%name, by = who.name, "a sound was deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// 409 when something that is set up names it.
fn unused(web: &Web, name: &SoundName) -> Result<(), Problem> {
    let directory = web.ports.node.directory();
    let using = match name {
        SoundName::Prompt { id, .. } => playing(&directory, id),
        SoundName::Music { class, .. } => waiting(&directory, class),
    };
    if using.is_empty() {
        return Ok(());
    }
    let detail = format!("it is played by {}; with force=true it is deleted", using.join(", "));
    Err(Problem::new(StatusCode::CONFLICT, detail))
}

/// What plays a prompt.
fn playing(directory: &Directory, id: &str) -> Vec<String> {
    let policies = directory.recording_policies.values().filter(|policy| policy.announce == id);
    let numbers = directory.numbers.values().filter(|number| match &number.to {
        Destination::Play { prompt, .. } => prompt == id,
        Destination::Station(_)
        | Destination::User(_)
        | Destination::Trunk(_)
        | Destination::Conference(_)
        | Destination::Group(_)
        | Destination::Voicemail(_)
        | Destination::Echo
        | Destination::Hangup
        | Destination::Test(_) => false,
    });
    let policies = policies.map(|policy| format!("recording policy {}", policy.name));
    policies.chain(numbers.map(|number| format!("number {}", number.did))).collect()
}

/// Who waits to a class of music.
fn waiting(directory: &Directory, class: &str) -> Vec<String> {
    let trunks = directory.trunks.values().filter(|it| it.music == class);
    let stations = directory.stations.values().filter(|it| it.music == class);
    let conferences = directory.conferences.values().filter(|it| it.music == class);
    let trunks = trunks.map(|it| format!("trunk {}", it.name));
    let stations = stations.map(|it| format!("station {}", it.extension));
    trunks.chain(stations).chain(conferences.map(|it| format!("conference {}", it.name))).collect()
}

async fn find(web: &Web, name: SoundName) -> Result<Option<Held>, Problem> {
    let held = blocking(web, |sounds| sounds.list()).await?;
    Ok(held.into_iter().find(|held| held.name == name))
}

/// Files are read and written off the threads that answer.
async fn blocking<T: Send + 'static>(
    web: &Web,
    work: impl FnOnce(&dyn Sounds) -> T + Send + 'static,
) -> Result<T, Problem> {
    let sounds = Arc::clone(&web.ports.sounds);
    tokio::task::spawn_blocking(move || work(&*sounds)).await.map_err(|error| Problem::internal(&error))
}

fn address(held: &Held) -> String {
    format!("{}/{}", held.name.group(), held.name.id())
}

fn said(held: &Held) -> &'static str {
    match held.origin {
        Origin::Shipped { text, .. } => text,
        Origin::User { .. } => "",
    }
}

fn view(shelf: Shelf, held: &Held) -> Value {
    let (group, id) = shelf.words();
    let mut view = json!({
        "name": address(held),
        group: held.name.group(),
        id: held.name.id(),
        "ms": held.ms,
        "octets": held.octets,
    });
    match &held.origin {
        Origin::Shipped { text, licence } => {
            view["origin"] = "shipped".into();
            view["text"] = (*text).into();
            view["licence"] = (*licence).into();
        }
        Origin::User { at_s, overrides } => {
            view["origin"] = "user".into();
            view["uploaded_at"] =
                text(Wall(at_s.saturating_mul(1_000_000).try_into().unwrap_or_default())).into();
            view["overrides"] = (*overrides).into();
        }
    }
    view
}

fn bad_name(bad: &BadName) -> Problem {
    let part = match bad.part {
        NamePart::Language => "language",
        NamePart::Id => "id",
        NamePart::Class => "class",
        NamePart::Piece => "piece",
    };
    Problem::parameter(part, bad.to_string())
}

pub(super) fn fault(fault: &UploadFault) -> Problem {
    let status = match fault {
        UploadFault::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        UploadFault::UnknownKind | UploadFault::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        UploadFault::Full | UploadFault::NoFolder | UploadFault::Disk(_) => StatusCode::INSUFFICIENT_STORAGE,
        UploadFault::Stopped => StatusCode::SERVICE_UNAVAILABLE,
        UploadFault::Empty
        | UploadFault::Damaged { .. }
        | UploadFault::TooLong { .. }
        | UploadFault::TooShort
        | UploadFault::Silent => return Problem::field("file", fault.to_string()),
    };
    Problem::new(status, fault.to_string())
}
