use super::*;
use std::collections::BTreeSet;

#[test]
fn phones_of_the_box_itself_log_in_by_what_its_seed_says_and_from_its_address() {
    let text = "[site]\nname = \"X\"\n[device.door]\naudio = { playback = \"hw:1\" }\n\
                [device.1001]\npassword = \"one\"\n";
    let site = Site::load(text, &BTreeSet::new()).unwrap();
    let at: std::net::SocketAddr = "192.0.2.1:5060".parse().unwrap();
    let local = Local {
        udp: at,
        tcp: None,
        tls: None,
    };
    let house = House::new([7; 32], &local);
    let of = |name: &str| {
        let all = devices(&site, &house);
        all.into_iter().find(|device| device.name == name).unwrap()
    };
    assert_eq!(of("1001").login.password, "one");
    let door = of("door");
    assert_eq!(door.login.password, house_password([7; 32]));
    assert_ne!(door.login.password, house_password([8; 32]));
    assert_eq!(door.login.password.len(), 64);
    assert_eq!(door.nets, ["192.0.2.1/32".parse().unwrap()]);
}
