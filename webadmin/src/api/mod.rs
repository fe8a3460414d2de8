//! `/api/v1`.

mod apply;
mod bans;
mod body;
mod calls;
mod change;
mod greetings;
mod hours;
mod moves;
mod openapi;
mod orders;
mod page;
mod parking;
mod people;
mod phones;
mod range;
mod reach;
mod recordings;
mod resources;
mod rooms;
mod schemas;
mod sounds;
mod status;
mod supervisions;
mod tap;
mod tokens;
mod voicemail;

use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, patch, post, put};
use axum::{Extension, Router};
use provision::Kind;

use self::sounds::Shelf;
use crate::router::Web;

pub(crate) use openapi::description;

/// Every address of the API.
pub(crate) fn routes() -> Router<Web> {
    let fixed = Router::new()
        .route("/status", get(status::status))
        .route("/registrations", get(status::registrations))
        .route("/bans", get(bans::list))
        .route("/bans/{place}", delete(bans::lift))
        .route("/calls", get(calls::list))
        .route("/calls/{id}", get(calls::one))
        .route("/calls/{id}/hangup", post(calls::hang_up))
        .route("/supervisions", get(supervisions::list))
        .route("/supervisions/{id}", patch(supervisions::change).delete(supervisions::end))
        .route("/calls/{id}/play", post(orders::play))
        .route("/calls/{id}/stop", post(orders::stop))
        .route("/calls/{id}/digits", post(orders::digits))
        .route("/calls/{id}/voice", post(orders::voice))
        .route("/calls/{id}/conference", post(orders::conference))
        .route("/calls/{id}/invite", post(rooms::invite_to_call))
        .route("/calls/{id}/merge", post(rooms::merge))
        .route("/conference-rooms", get(rooms::list))
        .route("/conferences/{name}/room", get(rooms::one).patch(rooms::change).delete(rooms::end))
        .route("/conferences/{name}/members", post(rooms::invite))
        .route("/conferences/{name}/members/{call}", patch(rooms::voice).delete(rooms::remove))
        .route("/calls/{id}/recording", post(orders::recording))
        .route("/calls/{id}/code", post(orders::code))
        .route("/calls/{id}/park", post(parking::park))
        .route("/calls/{id}/pickup", post(parking::pick_up))
        .route("/parking-slots", get(parking::slots))
        .route("/calls/{id}/transfer", post(moves::transfer))
        .route("/calls/{id}/consult", post(moves::consult))
        .route("/calls/{id}/consult/{act}", post(moves::consulted))
        .route("/calls/{id}/hold", post(moves::hold))
        .route("/calls/{id}/retrieve", post(moves::retrieve))
        .route("/calls/{id}/legs/{leg}/drop", post(moves::let_go))
        .route("/calls/{id}/legs/{leg}/part", post(moves::part))
        .route("/recordings", get(recordings::list))
        .route("/recordings/{id}", get(recordings::one).delete(recordings::remove))
        .route("/recordings/{id}/audio", get(recordings::audio))
        .route("/voicemail-messages", get(voicemail::list))
        .route(
            "/voicemail-messages/{id}",
            get(voicemail::one).patch(voicemail::change).delete(voicemail::remove),
        )
        .route("/voicemail-messages/{id}/audio", get(voicemail::audio))
        .route("/voicemail-messages/{id}/forward", post(voicemail::forward))
        .route("/voicemail-notices", get(voicemail::notices))
        .route("/mailboxes/{name}/greetings", get(greetings::greetings))
        .route(
            "/mailboxes/{name}/greetings/{kind}",
            delete(greetings::ungreet).put(greetings::greet).layer(DefaultBodyLimit::disable()),
        )
        .route("/calls/{id}/legs/{leg}/tap", get(tap::tap))
        .route("/phones/{name}/provisioning", get(phones::one))
        .route("/phones/{name}/rotate", post(phones::rotate))
        .route("/phone-states", get(phones::states))
        .route("/station-settings", get(reach::list))
        .route("/stations/{name}/settings", get(reach::one).patch(reach::change))
        .route("/hours/{name}/state", get(hours::state))
        .route("/users/{name}/password", put(people::set_password))
        .route("/apply", post(apply::apply))
        .route("/export", get(apply::export))
        .route("/tokens", get(tokens::list).post(tokens::create))
        .route("/tokens/{id}", delete(tokens::revoke))
        .route("/openapi.json", get(openapi::document));
    let fixed = fixed.merge(shelf("/prompts", Shelf::Prompts)).merge(shelf("/music", Shelf::Music));
    Kind::ALL.iter().fold(fixed, |routes, kind| routes.merge(resource(*kind)))
}

/// Uploads have a bound of their own, which the handler keeps.
fn shelf(path: &str, shelf: Shelf) -> Router<Web> {
    let list = get(sounds::list).post(sounds::upload).layer(DefaultBodyLimit::disable());
    let single = get(sounds::one).delete(sounds::remove);
    Router::new()
        .route(path, list)
        .route(&format!("{path}/{{name}}"), single)
        .route(&format!("{path}/{{name}}/audio"), get(sounds::audio))
        .layer(Extension(shelf))
}

fn resource(kind: Kind) -> Router<Web> {
    let many = format!("/{}", resources::plural(kind));
    let list = get(resources::list).post(resources::create);
    let single = get(resources::one).put(resources::replace).delete(resources::remove);
    Router::new()
        .route(&many, list.layer(Extension(kind)))
        .route(&format!("{many}/{{name}}"), single.layer(Extension(kind)))
}
