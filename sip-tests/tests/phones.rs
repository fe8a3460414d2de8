//! Phones that log in with a password of their own; issue row "Provisioning", docs/adr/0028.

use phone::login::{LoginName, PhoneKey};
use provision::{Entity, Phone, Vendor};
use sip_tests::{World, office};

const MAC: &str = "805ec0123456";

fn set_up(world: &mut World, extension: &str, generation: u32) -> (String, String) {
    let mac = MAC.parse().expect("an address");
    let stations = vec![extension.to_owned()];
    let phone = Phone { vendor: Vendor::Snom, stations, generation, ..Phone::with_mac(mac) };
    // The key of the world's shards.
    let password = PhoneKey::new([11; 32]).password(&phone, extension);
    let login = LoginName::of(&phone, extension);
    world.directory.put(Entity::Phone(phone));
    world.set_up();
    (login, password)
}

fn last(world: &World, agent: usize) -> u16 {
    world.agents[agent].results.last().map_or(0, |(_, status)| *status)
}

fn registers(world: &mut World, agent: usize, login: &str, password: &str) -> u16 {
    world.agents[agent].login = Some(login.to_owned());
    world.agents[agent].password = Some(password.to_owned());
    // An agent that was refused last would not answer the next challenge.
    world.agents[agent].results.clear();
    world.with_agent(agent, |agent, now| agent.register(now, 600));
    world.settle();
    last(world, agent)
}

#[test]
fn a_phone_registers_and_calls_with_its_own_password_until_that_is_rotated() {
    let (mut world, _, phone) = office(41);
    let own = world.agents[phone].password.clone().expect("the station's");
    let (login, password) = set_up(&mut world, "1001", 0);
    assert_eq!(registers(&mut world, phone, &login, &password), 200);
    let line = world.dial(phone, "0123");
    world.settle();
    assert_eq!(world.talk(line).status(), 200, "the carrier answers: the call was the station's");
    world.bye(line);
    world.settle();
    assert_eq!(registers(&mut world, phone, "1001", &own), 200, "the station's own password stays good");

    let (login, rotated) = set_up(&mut world, "1001", 1);
    assert_eq!(registers(&mut world, phone, &login, &password), 401);
    assert_eq!(registers(&mut world, phone, &login, &rotated), 200);
}

#[test]
fn a_phone_is_nobody_on_a_line_that_is_not_its_own() {
    let (mut world, _, phone) = office(42);
    let (_, password) = set_up(&mut world, "1002", 0);
    // Extension 1001 is not on that phone, and 1002 is no station: neither lets it in.
    for login in
        [format!("1001~{MAC}"), format!("1002~{MAC}"), "1001~000000000000".to_owned(), format!("~{MAC}")]
    {
        assert_eq!(registers(&mut world, phone, &login, &password), 401, "{login}");
    }
}
