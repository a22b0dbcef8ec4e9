//! Session timers (RFC 4028) and UPDATE (RFC 3311), asked for by a phone and by a carrier.

use rig::peer::{Part, Peer, header};

use super::{World, carrier, host, phone};

#[test]
fn sessions_are_refreshed_by_whom_both_sides_agreed_on() {
    let dir = tempfile::tempdir().unwrap();
    let part = Part::of("timer-called", host(23));
    let called = Peer::waits(dir.path(), &part).unwrap();
    let account = "keepalive = \"off\"\nsession_timer = \"300s\"";
    let world = World::start(&dir, &carrier("23", called.sip, "", account));

    let asks = world.calls(dir.path(), &phone("timer-caller", "4000"));
    world.seen(asks);
    let lazy = world.calls(dir.path(), &phone("timer-lazy", "4000"));
    world.seen(lazy);
    let caller = world.calls(dir.path(), &phone("answered", "23001"));

    // The box refreshes after half of the 30 s.
    let seen = world.seen(called);
    let said = |name| -> Vec<&str> {
        let invites = seen.came("INVITE ").into_iter();
        invites.map(|invite| header(invite, name)).collect()
    };
    let asked = said("Session-Expires");
    assert_eq!(asked, ["300", "600"], "asked again with what it wants");
    let call_ids = said("Call-ID");
    assert_eq!(call_ids[0], call_ids[1], "it is the same call");
    assert_eq!(header(seen.only("UPDATE "), "Content-Length"), "0");
    let seen = world.seen(caller);
    assert!(
        header(seen.only("BYE "), "Reason").contains("Q.850;cause=16"),
        "{seen:?}"
    );
    assert_eq!(world.row("23001").cause, "called_hung_up");
    assert_eq!(world.row("4000").cause, "caller_hung_up");
}
