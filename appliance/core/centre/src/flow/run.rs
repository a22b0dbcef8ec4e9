//! One call's way through the flows: digits, words and deadlines in, acts out.
//!
//! `Centre` drives it: `start`, then after every `handle` or `handle_timeout` take `poll` until
//! it is empty and sleep until `poll_timeout`. It never plays, waits or routes by itself; a run
//! keeps the `Site` it began with, so a new site touches new calls only.
//!
//! Digits pressed while a plain announcement plays are kept for the next question (type-ahead);
//! a wrong key, a queue and a transfer empty that store. Words matter only while a question
//! listens, also while its prompt plays; an unmatched phrase under a playing prompt is taken for
//! noise. One input enters at most `MAX_STEPS_PER_INPUT` steps, one call `MAX_STEPS_PER_CALL`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use call::Cause;

use super::model::{Act, Step, Target};
use crate::site::Site;
use crate::site::limits::{MAX_PLAY, MAX_STEPS_PER_CALL, MAX_STEPS_PER_INPUT};

use super::act::{FlowAct, FlowInput, Reason};

/// The machine of one call.
#[derive(Debug)]
pub struct Run {
    site: Arc<Site>,
    state: State,
    /// Flow and step, once one was entered.
    place: Option<(String, String)>,
    ahead: VecDeque<char>,
    acts: VecDeque<FlowAct>,
    deadline: Option<(Instant, Reason)>,
    listening: bool,
    /// Full queues met one after the other.
    full: u32,
    /// A queue's wait ended and the caller was asked nothing since.
    waited_out: bool,
    trail: Trail,
}

/// What the record will say.
#[derive(Debug, Default)]
struct Trail {
    flow: String,
    steps: Vec<String>,
    digits: String,
    target: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// The step's prompt plays, its act follows.
    Saying,
    /// The question was put; how often it may be put again, and whether a prompt still plays.
    Asking {
        left: u32,
        prompting: bool,
    },
    Queued {
        queue: String,
    },
    Transferring {
        failed: Target,
    },
    Over,
}

impl Run {
    /// Begins at the target of the called number.
    pub fn start(now: Instant, site: Arc<Site>, entry: Target) -> Self {
        let flow = match &entry {
            Target::Flow { name } | Target::Step { flow: name, .. } => name.clone(),
            Target::Queue { .. } | Target::HangUp => String::new(),
        };
        let mut run = Self {
            site,
            state: State::Saying,
            place: None,
            ahead: VecDeque::new(),
            acts: VecDeque::new(),
            deadline: None,
            listening: false,
            full: 0,
            waited_out: false,
            trail: Trail {
                flow,
                ..Trail::default()
            },
        };
        run.go(now, entry);
        run
    }

    /// Takes one input from the world.
    pub fn handle(&mut self, now: Instant, input: FlowInput) {
        if self.state == State::Over {
            return;
        }
        if input != FlowInput::QueueFull {
            self.full = 0;
        }
        let next = match input {
            FlowInput::Digit(digit) => self.pressed(now, digit),
            FlowInput::Heard(words) => self.heard(now, &words),
            FlowInput::PlayDone => self.play_done(now),
            FlowInput::QueueTimeout => match &self.state {
                State::Queued { queue } => {
                    self.waited_out = true;
                    self.site.queue(queue).map(|queue| queue.then().clone())
                }
                _ => None,
            },
            FlowInput::QueueFull => self.overflowed(),
            FlowInput::TransferFailed => match &self.state {
                State::Transferring { failed } => Some(failed.clone()),
                _ => None,
            },
        };
        if let Some(target) = next {
            self.go(now, target);
        }
    }

    /// Does what a passed deadline asks for.
    pub fn handle_timeout(&mut self, now: Instant) {
        let Some((_, reason)) = self.deadline.take_if(|(at, _)| *at <= now) else {
            return;
        };
        let next = match reason {
            Reason::PlayOverdue => self.play_done(now),
            Reason::NoAnswer => self.unanswered(now, |ask| &ask.no_input),
        };
        if let Some(target) = next {
            self.go(now, target);
        }
    }

    /// What must be done now; ask until it is None.
    pub fn poll(&mut self) -> Option<FlowAct> {
        self.acts.pop_front()
    }

    /// When to call `handle_timeout`, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        self.deadline
    }

    /// The flow that answered; empty where the number leads straight to a queue.
    pub fn flow(&self) -> &str {
        &self.trail.flow
    }

    /// The step it is in, as `flow/step`; empty before the first.
    pub fn step(&self) -> &str {
        self.trail.steps.last().map_or("", String::as_str)
    }

    /// Steps entered, in order, as `flow/step`.
    pub fn steps(&self) -> &[String] {
        &self.trail.steps
    }

    /// Digits the caller pressed, in order; the first `MAX_DIGITS` of them.
    pub fn digits(&self) -> &str {
        &self.trail.digits
    }

    /// The last queue, flow or transfer target reached by name.
    pub fn target(&self) -> Option<&str> {
        self.trail.target.as_deref()
    }

    /// The queue the caller stands in, or stood in when an agent took the call.
    pub fn queue(&self) -> Option<&str> {
        match &self.state {
            State::Queued { queue } => Some(queue),
            _ => None,
        }
    }

    /// Whether `HangUp` was said.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Where those go that find no place; queues that send one another their callers for ever end
    /// the call.
    fn overflowed(&mut self) -> Option<Target> {
        let State::Queued { queue } = &self.state else {
            return None;
        };
        self.full += 1;
        self.waited_out = true;
        if self.full > MAX_STEPS_PER_INPUT {
            return self.end(Cause::QueueTimeout);
        }
        let queue = self.site.queue(queue)?;
        let overflow = queue.overflow().map(|overflow| &overflow.to);
        Some(overflow.unwrap_or_else(|| queue.then()).clone())
    }

    fn go(&mut self, now: Instant, target: Target) {
        let mut next = Some(target);
        for _ in 0..MAX_STEPS_PER_INPUT {
            match next.take() {
                Some(target) => next = self.enter(now, target),
                None => return,
            }
        }
        if next.is_some() {
            self.end(Cause::FlowEnded);
        }
    }

    /// Enters a target; what follows at once is returned.
    fn enter(&mut self, now: Instant, target: Target) -> Option<Target> {
        self.deadline = None;
        let site = Arc::clone(&self.site);
        let (flow, step) = match target {
            Target::HangUp => return self.end(Cause::FlowEnded),
            Target::Queue { name } => return self.enter_queue(name),
            Target::Flow { name } => {
                let entry = site.flow(&name).map(|flow| flow.entry().to_owned());
                (name, entry.unwrap_or_default())
            }
            Target::Step { flow, step } => (flow, step),
        };
        let Some(found) = site.flow(&flow).and_then(|flow| flow.step(&step)) else {
            return self.end(Cause::NoRoute);
        };
        if self.trail.steps.len() >= MAX_STEPS_PER_CALL {
            return self.end(Cause::FlowEnded);
        }
        let entered = format!("{flow}/{step}");
        let before = self
            .place
            .as_ref()
            .map_or(&self.trail.flow, |(before, _)| before);
        // What merely follows a queue's end is not where the call led.
        if flow != *before && !self.waited_out {
            self.trail.target = Some(flow.clone());
        }
        self.trail.steps.push(entered.clone());
        self.acts.push_back(FlowAct::Enter { step: entered });
        self.place = Some((flow, step));
        match &found.act {
            Act::Ask(ask) => {
                self.waited_out = false;
                self.listen(!ask.phrases.is_empty());
                self.state = State::Asking {
                    left: ask.retries,
                    prompting: false,
                };
                match self.ahead.pop_front() {
                    Some(digit) => self.answered(now, ask, digit),
                    None => self.ask(now, found, &[]),
                }
            }
            act if found.prompts.is_empty() => {
                self.listen(false);
                self.act(act)
            }
            _ => {
                self.listen(false);
                self.state = State::Saying;
                self.play(now, found.prompts.clone());
                None
            }
        }
    }

    fn enter_queue(&mut self, name: String) -> Option<Target> {
        if self.site.queue(&name).is_none() {
            return self.end(Cause::NoRoute);
        }
        self.listen(false);
        self.ahead.clear();
        self.trail.target = Some(name.clone());
        self.state = State::Queued {
            queue: name.clone(),
        };
        self.acts.push_back(FlowAct::Queue { queue: name });
        None
    }

    fn act(&mut self, act: &Act) -> Option<Target> {
        match act {
            Act::Ask(_) => None,
            Act::GoOn(next) => Some(next.clone()),
            Act::Queue(name) => Some(Target::Queue { name: name.clone() }),
            Act::Transfer { to, failed } => {
                self.ahead.clear();
                self.trail.target = Some(to.clone());
                self.state = State::Transferring {
                    failed: failed.clone(),
                };
                self.acts.push_back(FlowAct::Transfer { to: to.clone() });
                None
            }
            Act::HangUp(cause) => self.end(*cause),
        }
    }

    fn end(&mut self, cause: Cause) -> Option<Target> {
        let waited_out = self.waited_out && cause == Cause::FlowEnded;
        let cause = if waited_out {
            Cause::QueueTimeout
        } else {
            cause
        };
        self.listen(false);
        self.deadline = None;
        self.state = State::Over;
        self.acts.push_back(FlowAct::HangUp { cause });
        None
    }

    fn play(&mut self, now: Instant, prompts: Vec<String>) {
        self.deadline = Some((now + MAX_PLAY, Reason::PlayOverdue));
        self.acts.push_back(FlowAct::Play {
            prompts,
            repeat: false,
        });
    }

    fn stop(&mut self) {
        self.deadline = None;
        self.acts.push_back(FlowAct::StopPlay);
    }

    fn listen(&mut self, on: bool) {
        let on = on && self.site.speech();
        if self.listening != on {
            self.listening = on;
            self.acts.push_back(FlowAct::Listening(on));
        }
    }

    fn current<'a>(&self, site: &'a Site) -> Option<&'a Step> {
        let (flow, step) = self.place.as_ref()?;
        site.flow(flow)?.step(step)
    }
}

mod question;
#[cfg(test)]
mod tests;
