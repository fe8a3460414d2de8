//! Who may listen to whom: the one answer for phones, pages and the API.

use base::{Cause, Why};

use crate::{Directory, Role, User};

/// Who wants to supervise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supervisor<'a> {
    /// Whoever sits at this extension.
    Station(&'a str),
    /// A user, by login.
    User(&'a str),
    /// A program with this role.
    Role(Role),
}

/// Whether somebody may take part in the calls of an extension: a supervisor those of the teams that it shares with
/// them, or of everybody when it is in none; an admin those of everybody; nobody his own or those of a higher role.
///
/// # Errors
/// Why not.
pub fn may_supervise(
    directory: &Directory,
    who: Supervisor<'_>,
    extension: &str,
) -> Result<(), (Cause, Why)> {
    let Some(agent) = directory.stations.get(extension) else {
        return Err((Cause::Unallocated, Why::new(format!("there is no station {extension}"))));
    };
    let no = |reason: &'static str| Err((Cause::Forbidden, Why::new(reason)));
    let user_of = |at: &str| directory.users.get(&directory.stations.get(at)?.user);
    let (user, role) = match who {
        Supervisor::Station(own) if own == extension => return no("nobody supervises himself"),
        Supervisor::Station(own) => (user_of(own), user_of(own).map_or(Role::Agent, |user| user.role)),
        Supervisor::User(login) => {
            let user = directory.users.get(login);
            (user, user.map_or(Role::Agent, |user| user.role))
        }
        Supervisor::Role(role) => (None, role),
    };
    let watched = directory.users.get(&agent.user);
    if role < Role::Supervisor {
        return no("this needs the role supervisor, admin or owner");
    }
    if user.is_some_and(|user| user.login == agent.user) {
        return no("nobody supervises himself");
    }
    if watched.is_some_and(|watched| watched.role > role) {
        return no("who sits there has a higher role");
    }
    let share = |user: &User| watched.is_some_and(|of| of.teams.iter().any(|team| user.teams.contains(team)));
    match user.filter(|user| role == Role::Supervisor && !user.teams.is_empty()) {
        Some(user) if !share(user) => no("who sits there is in no team of the supervisor's"),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entity, Station};

    fn directory() -> Directory {
        let mut directory = Directory::default();
        let people: [(&str, &str, Role, &[&str]); 5] = [
            ("1001", "ana", Role::Agent, &["sales"]),
            ("1002", "ben", Role::Agent, &["help"]),
            ("2001", "sue", Role::Supervisor, &["sales"]),
            ("2002", "sam", Role::Supervisor, &[]),
            ("3001", "ada", Role::Admin, &["help"]),
        ];
        for (extension, login, role, teams) in people {
            let teams = teams.iter().map(|team| (*team).to_owned()).collect();
            directory.put(Entity::User(User { role, teams, ..User::called(login) }));
            directory
                .put(Entity::Station(Station { user: login.to_owned(), ..Station::numbered(extension) }));
        }
        directory.put(Entity::Station(Station::numbered("1003")));
        directory
    }

    /// VOX-44, BP-94.
    #[test]
    fn a_supervisor_hears_the_own_teams_an_admin_everybody_and_nobody_himself_or_who_stands_above() {
        let directory = directory();
        let may = |who, whom| may_supervise(&directory, who, whom).map_err(|(cause, _)| cause);
        let no = Err(Cause::Forbidden);
        for (by, whom, wanted) in [
            ("2001", "1001", Ok(())),
            ("2001", "1002", no),
            ("2001", "1003", no),
            ("2001", "2001", no),
            ("2002", "1002", Ok(())),
            ("2002", "1003", Ok(())),
            ("2002", "3001", no),
            ("3001", "1001", Ok(())),
            ("3001", "2001", Ok(())),
            ("1001", "1002", no),
            ("1003", "1001", no),
            ("2002", "1009", Err(Cause::Unallocated)),
        ] {
            assert_eq!(may(Supervisor::Station(by), whom), wanted, "{by} {whom}");
        }
        assert_eq!(may(Supervisor::User("sue"), "1002"), no);
        assert_eq!(may(Supervisor::User("nobody"), "1002"), no);
        assert_eq!(may(Supervisor::Role(Role::Supervisor), "1001"), Ok(()));
        assert_eq!(may(Supervisor::Role(Role::Agent), "1001"), no);
    }
}
