//! The rig's own servers start, lose their memory and come back on the same address.

use rig::broker::Broker;
use rig::postgres::Postgres;

#[test]
fn a_killed_postgres_comes_back_with_what_it_committed() {
    let dir = tempfile::tempdir().unwrap();
    let mut postgres = Postgres::start(dir.path()).unwrap();
    postgres
        .ask("create table kept (n int); insert into kept values (7)")
        .unwrap();
    postgres.restart().unwrap();
    assert_eq!(postgres.ask("select n from kept").unwrap(), ["7"]);
}

#[test]
fn a_killed_broker_comes_back_on_its_port() {
    let dir = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(dir.path()).unwrap();
    let url = broker.url();
    broker.restart().unwrap();
    assert_eq!(broker.url(), url);
}
