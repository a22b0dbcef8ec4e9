//! The shield against wishes of every kind.

use std::collections::BTreeSet;

use super::*;

const SITE: &str = r#"
[site]
name = "X"
time_zone = "+08:00"
[plan]
country = "86"
area = "10"
[trunk.t]
[trunk.t.account]
server = "192.0.2.1"
[trunk.t.limits]
calls = 3
rate = 20
[device.1]
password = "p"
[device.2]
password = "p"
[device.2.limits]
cap = "0"
[route.r]
match = ["*"]
trunk = ["t"]
[protection]
allow = ["+86*", "+1212*", "95*"]
block = ["+86900*"]
hours = ["mon-fri 08:00-20:00"]
[protection.device]
calls = 2
rate = 5
cap = "2"
[price."+86*"]
minute = "0.5"
setup = "0.1"
[price."95*"]
minute = "0"
"#;

const NOON: Moment = Moment {
    day: 20_000,
    weekday: 2,
    minute: 720,
};

struct Bench {
    shield: Shield,
    site: Site,
    now: Instant,
    legs: u64,
}

impl Bench {
    fn new() -> Self {
        Self {
            shield: Shield::default(),
            site: Site::load(SITE, &BTreeSet::new()).expect("a site"),
            now: Instant::now(),
            legs: 0,
        }
    }

    fn ask(
        &mut self,
        local: Moment,
        number: &str,
        device: Option<&str>,
    ) -> Result<Ticket, RefusalWhy> {
        let wish = Wish {
            dialled: number,
            number,
            trunk: "t",
            device,
        };
        self.shield
            .ask(self.now, local, &self.site, wish)
            .map_err(|(why, _)| why)
    }

    /// Places a call at noon; its leg, or why not.
    fn place(&mut self, number: &str, device: Option<&str>) -> Result<LegId, RefusalWhy> {
        let ticket = self.ask(NOON, number, device)?;
        self.legs += 1;
        let leg = LegId(self.legs);
        self.shield.begin(self.now, NOON, leg, ticket);
        Ok(leg)
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.shield.poll_timeout().filter(|at| *at <= end) {
            self.now = at;
            self.shield.handle_timeout(at, NOON, &self.site);
        }
        self.now = end;
    }
}

#[test]
fn only_allowed_destinations_are_called() {
    let mut bench = Bench::new();
    for (number, wanted) in [
        ("13800138000", None),
        ("95588", None),
        ("+12125550100", None),
        ("+13125550100", Some(RefusalWhy::Destination)),
        ("0085291234567", Some(RefusalWhy::Destination)),
        ("+8690012345678", Some(RefusalWhy::Destination)),
        ("1001", Some(RefusalWhy::Destination)),
        ("110", None),
    ] {
        assert_eq!(bench.ask(NOON, number, None).err(), wanted, "{number}");
    }
    bench.site = Site::load(
        &SITE.replace("allow = [\"+86*\", \"+1212*\", \"95*\"]", ""),
        &BTreeSet::new(),
    )
    .expect("a site");
    assert!(bench.ask(NOON, "13800138000", None).is_ok());
    assert_eq!(
        bench.ask(NOON, "95588", None).err(),
        Some(RefusalWhy::Destination)
    );
}

#[test]
fn calls_go_out_in_working_hours_and_for_help_always() {
    let mut bench = Bench::new();
    let night = Moment {
        minute: 1_300,
        ..NOON
    };
    let sunday = Moment { weekday: 6, ..NOON };
    for local in [night, sunday] {
        assert_eq!(
            bench.ask(local, "13800138000", None).err(),
            Some(RefusalWhy::Hours)
        );
        assert!(bench.ask(local, "119", Some("2")).is_ok());
    }
}

#[test]
fn calls_at_once_are_counted_per_device_and_per_trunk() {
    let mut bench = Bench::new();
    let first = bench.place("13800138000", Some("1")).expect("a call");
    bench.place("13800138000", Some("1")).expect("a call");
    assert_eq!(
        bench.place("13800138000", Some("1")),
        Err(RefusalWhy::Calls)
    );
    bench.place("13800138000", None).expect("a call");
    assert_eq!(bench.place("13800138000", None), Err(RefusalWhy::Calls));
    assert!(
        bench.place("120", Some("1")).is_ok(),
        "help is never refused"
    );
    bench.shield.ended(NOON, first);
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.place("13800138000", None), Err(RefusalWhy::Calls));
}

#[test]
fn calls_within_the_hour_are_counted() {
    let mut bench = Bench::new();
    for _ in 0..5 {
        let leg = bench.place("95588", Some("1")).expect("a call");
        bench.shield.ended(NOON, leg);
    }
    assert_eq!(bench.place("95588", Some("1")), Err(RefusalWhy::Rate));
    bench.pass(HOUR);
    assert!(bench.place("95588", Some("1")).is_ok());
}

#[test]
fn no_call_passes_the_cap_and_one_that_would_is_cut_off() {
    let mut bench = Bench::new();
    let one = bench.place("13800138000", Some("1")).expect("a call");
    let two = bench.place("13800138000", Some("1")).expect("a call");
    bench.shield.answered(bench.now, one);
    bench.shield.answered(bench.now, two);
    // 2.00 of money: twice 0.10 and 0.50, then one more minute; nobody can buy a fourth.
    bench.pass(Duration::from_secs(60));
    assert_eq!(bench.shield.poll_cut(), Some(two));
    assert_eq!(bench.shield.poll_cut(), None);
    bench.pass(Duration::from_secs(60));
    assert_eq!(bench.shield.poll_cut(), Some(one));
    assert_eq!(bench.shield.ended(NOON, two), 600);
    assert_eq!(bench.shield.ended(NOON, one), 1_100);
    assert_eq!(
        bench.place("13800138000", Some("1")),
        Err(RefusalWhy::Money)
    );
    assert!(
        bench.place("95588", Some("1")).is_ok(),
        "what costs nothing may be called"
    );
    let tomorrow = Moment {
        day: 20_001,
        ..NOON
    };
    assert!(bench.ask(tomorrow, "13800138000", Some("1")).is_ok());
    assert_eq!(bench.shield.deadlines(), 0);
}

#[test]
fn what_was_laid_aside_for_an_unanswered_call_comes_back() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        let leg = bench.place("13800138000", Some("1")).expect("a call");
        assert_eq!(bench.shield.ended(NOON, leg), 0);
    }
    assert_eq!(
        bench.place("13800138000", Some("2")),
        Err(RefusalWhy::Money)
    );
    assert_eq!(
        bench.place("+12125550100", Some("1")),
        Err(RefusalWhy::NoPrice)
    );
    assert!(
        bench.place("+12125550100", None).is_ok(),
        "the trunk has no cap"
    );
}
