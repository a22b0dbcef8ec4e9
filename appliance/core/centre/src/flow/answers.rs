//! The answers to a question: read from their elements, then judged together.

use std::collections::BTreeMap;

use roxmltree::Node;

use super::attributes::{Attributes, describe};
use super::draft::{Answer, DraftStep, Given};
use super::grammar::{Kind, START};
use super::parse::Reader;
use crate::site::diagnostic::At;
use crate::site::limits::MAX_PHRASES;

impl<'a> Reader<'a, '_> {
    pub(super) fn answer(&mut self, node: Node<'a, 'a>, kind: Kind) -> Option<Answer> {
        self.elements(node).iter().for_each(|(inner, _)| {
            let at = self.place.at(inner.range().start);
            self.notes.error(
                at,
                format!("{} holds no steps", describe(kind)),
                "close it with />",
            );
        });
        let mut read = Attributes::new(node, kind, self.place, self.notes);
        let (at, next) = (read.at(), read.target("next"));
        let given = if kind == Kind::Words {
            Given::Words(read.phrases())
        } else {
            let has_key = node.attribute("key").is_some();
            let (key, is_default) = (read.key(), read.flag("default", false));
            match (has_key, is_default) {
                (true, false) => Given::Key(key?),
                (false, true) => Given::Nothing,
                (both, _) => {
                    let message = if both {
                        "an input step has `key` or default=\"true\", not both"
                    } else {
                        "an input step lacks `key`"
                    };
                    self.notes
                        .error(at, message, "key=\"1\", or default=\"true\" for no key");
                    return None;
                }
            }
        };
        if let Given::Words(phrases) = &given {
            self.phrases += phrases.len();
            if self.phrases > MAX_PHRASES {
                let message = format!("the flow listens for more than {MAX_PHRASES} phrases");
                self.notes.error(
                    at,
                    message,
                    "shorter phrases match more: `网络` is in `网络断了`",
                );
                return None;
            }
        }
        Some(Answer { at, given, next })
    }

    /// Answers given twice, a default that is missing, a question nobody can answer.
    pub(super) fn check_answers(&mut self, step: &DraftStep) {
        let mut seen = BTreeMap::new();
        for answer in &step.answers {
            let shown: Vec<String> = match &answer.given {
                Given::Key(key) => vec![format!("key `{key}`")],
                Given::Nothing => vec!["default".to_owned()],
                Given::Words(phrases) => {
                    phrases.iter().map(|phrase| format!("`{phrase}`")).collect()
                }
            };
            for shown in shown {
                if let Some(At { line, column }) = seen.insert(shown.clone(), answer.at) {
                    let hint = format!("the first stands in line {line}, column {column}");
                    self.notes
                        .error(answer.at, format!("{shown} is answered twice"), hint);
                }
            }
        }
        if !step
            .answers
            .iter()
            .any(|answer| answer.given == Given::Nothing)
        {
            let message = format!("{} lacks a default answer", asked_by(step));
            let hint =
                "add <step type=\"input\" default=\"true\" next=\"..\"/>: where silence leads";
            self.notes.error(step.at, message, hint);
        }
        let words = step
            .answers
            .iter()
            .any(|answer| matches!(answer.given, Given::Words(_)));
        if step.kind == Kind::Listen && !words {
            let hint =
                "add <step type=\"words\" words=\"..\" next=\"..\"/>, or make it type=\"menu\"";
            self.notes
                .error(step.at, "a step of type `listen` has no words", hint);
        }
        if step.prompts.is_empty() {
            let message = "the caller is asked but hears nothing: no `prompt`";
            self.notes.warn(
                step.at,
                message,
                "add prompt=\"..\": the name of what the caller hears",
            );
        }
    }
}

fn asked_by(step: &DraftStep) -> String {
    if step.id == START {
        "the opening question".to_owned()
    } else {
        describe(step.kind)
    }
}
