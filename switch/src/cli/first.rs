//! The first start: somebody must be able to log in.

use base::Wall;
use provision::{Change, Directory, Entity, Role, User};
use store::Store;
use webadmin::auth;

use super::{Failure, reach, say};

/// Characters of the password; 16 hexadecimal digits are 64 bits behind a slow hash and a limit on tries.
const PASSWORD_CHARS: usize = 16;

/// Makes an owner when there is none, and prints the password: it is not kept anywhere.
pub(crate) async fn owner(store: &Store, now: Wall) -> Result<(), Failure> {
    let directory = store.load_directory().await.map_err(reach::of_store)?;
    if directory.users.values().any(|user| user.role == Role::Owner) {
        return Ok(());
    }
    let login = free_login(&directory);
    let password: String = auth::random().map_err(Failure::running)?.chars().take(PASSWORD_CHARS).collect();
    let user = User {
        role: Role::Owner,
        password_hash: auth::Hasher::default().hash(&password).map_err(Failure::running)?,
        ..User::called(&login)
    };
    let change = Change::Added(Entity::User(user));
    store.apply(&[change], None, now).await.map_err(reach::of_store)?;
    say::result(&format_args!("Owner login: {login}\nPassword: {password} (shown only this once)\n"))
}

fn free_login(directory: &Directory) -> String {
    let candidates = std::iter::once("owner".to_owned()).chain((2..).map(|n: u64| format!("owner{n}")));
    let mut free = candidates.filter(|login| !directory.users.contains_key(login));
    free.next().expect("a directory is finite, the candidates are not")
}
