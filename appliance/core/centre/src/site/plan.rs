//! The number plan of the branch: what a dialled number is in E.164, and how it is written back.
//!
//! Routes match what was dialled; prices, protection and caller ids compare E.164, so that `00`,
//! `0` and `+` are one number. A number that no rule makes whole (a short service number) has
//! none and is compared as dialled.

use std::collections::BTreeSet;

use super::pattern::Pattern;

/// Digits of an E.164 number at most (ITU-T E.164 section 6.2.1), and at least here.
const E164_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Digits of a subscriber's number within its area, at least; shorter ones are services.
const LOCAL_DIGITS: usize = 7;

/// How numbers are written at this place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(super) country: String,
    pub(super) area: String,
    pub(super) national: String,
    pub(super) international: String,
    pub(super) whole: Vec<Pattern>,
    pub(super) emergency: BTreeSet<String>,
}

impl Default for Plan {
    fn default() -> Self {
        let emergency = ["110", "112", "119", "120", "122"];
        Self {
            country: String::new(),
            area: String::new(),
            national: "0".to_owned(),
            international: "00".to_owned(),
            whole: Vec::new(),
            emergency: emergency.map(str::to_owned).into(),
        }
    }
}

/// How a carrier wants to see a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As it was dialled, after the route's changes.
    #[default]
    Dialled,
    /// `+8613800138000`.
    E164,
    /// The same without its `+`: `8613800138000`.
    E164Plain,
    /// As within the country: `013800138000`, or without the prefix where the number is whole.
    National,
}

impl Plan {
    /// The country code, empty where no plan is written.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// Whether the number calls for help: it is never refused and never counted.
    pub fn is_emergency(&self, dialled: &str) -> bool {
        self.emergency.contains(dialled)
    }

    /// The number in E.164 with its `+`; `None` where nothing makes it whole.
    pub fn e164(&self, dialled: &str) -> Option<String> {
        let plain: String = dialled
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
            .collect();
        let abroad = (!self.international.is_empty())
            .then(|| plain.strip_prefix(self.international.as_str()))
            .flatten();
        let within = (!self.national.is_empty())
            .then(|| plain.strip_prefix(self.national.as_str()))
            .flatten();
        let digits = if let Some(digits) = plain.strip_prefix('+').or(abroad) {
            digits.to_owned()
        } else if self.country.is_empty() || self.is_emergency(&plain) {
            return None;
        } else if self.whole.iter().any(|pattern| pattern.matches(&plain)) {
            format!("{}{plain}", self.country)
        } else if let Some(national) = within {
            format!("{}{national}", self.country)
        } else if !self.area.is_empty() && plain.len() >= LOCAL_DIGITS {
            format!("{}{}{plain}", self.country, self.area)
        } else {
            return None;
        };
        let is_number = digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
            && E164_DIGITS.contains(&digits.len());
        is_number.then(|| format!("+{digits}"))
    }

    /// The number as `form` wants it; as it stands where it has no E.164.
    pub fn written(&self, number: &str, form: Form) -> String {
        let Some(e164) = self.e164(number) else {
            return number.to_owned();
        };
        match form {
            Form::Dialled => number.to_owned(),
            Form::E164 => e164,
            Form::E164Plain => e164.trim_start_matches('+').to_owned(),
            Form::National => {
                let digits = e164.trim_start_matches('+');
                match digits.strip_prefix(self.country.as_str()) {
                    Some(rest) if !self.country.is_empty() => {
                        if self.whole.iter().any(|pattern| pattern.matches(rest)) {
                            rest.to_owned()
                        } else {
                            format!("{}{rest}", self.national)
                        }
                    }
                    _ => format!("{}{digits}", self.international),
                }
            }
        }
    }

    /// Whether two texts are one number.
    pub fn same(&self, one: &str, other: &str) -> bool {
        one == other
            || match (self.e164(one), self.e164(other)) {
                (Some(one), Some(other)) => one == other,
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beijing() -> Plan {
        Plan {
            country: "86".to_owned(),
            area: "10".to_owned(),
            whole: ["1XXXXXXXXXX", "400XXXXXXX"]
                .iter()
                .filter_map(|text| Pattern::parse(text))
                .collect(),
            ..Plan::default()
        }
    }

    #[test]
    fn every_way_to_write_a_number_is_one_number() {
        let plan = beijing();
        for (dialled, wanted) in [
            ("13800138000", Some("+8613800138000")),
            ("+86 138-0013-8000", Some("+8613800138000")),
            ("008613800138000", Some("+8613800138000")),
            ("62345678", Some("+861062345678")),
            ("01062345678", Some("+861062345678")),
            ("02112345678", Some("+862112345678")),
            ("4001234567", Some("+864001234567")),
            ("0012125550100", Some("+12125550100")),
            ("95588", None),
            ("110", None),
            ("1001", None),
            ("", None),
            ("+", None),
            ("+0123456789", None),
            ("+1234567890123456", None),
            ("00", None),
            ("bob", None),
        ] {
            assert_eq!(plan.e164(dialled).as_deref(), wanted, "{dialled}");
        }
        assert!(plan.same("62345678", "+861062345678") && !plan.same("1001", "1002"));
    }

    #[test]
    fn a_carrier_sees_the_form_it_wants() {
        let plan = beijing();
        for (number, form, wanted) in [
            ("62345678", Form::E164, "+861062345678"),
            ("62345678", Form::National, "01062345678"),
            ("+8613800138000", Form::National, "13800138000"),
            ("+12125550100", Form::National, "0012125550100"),
            ("02112345678", Form::Dialled, "02112345678"),
            ("95588", Form::E164, "95588"),
            ("95588", Form::E164Plain, "95588"),
            ("13800138000", Form::E164Plain, "8613800138000"),
        ] {
            assert_eq!(plan.written(number, form), wanted, "{number} {form:?}");
        }
    }

    #[test]
    fn without_a_plan_only_a_plus_makes_a_number_whole() {
        let plan = Plan::default();
        assert_eq!(
            plan.e164("+8613800138000").as_deref(),
            Some("+8613800138000")
        );
        assert_eq!(plan.e164("13800138000"), None);
        assert_eq!(plan.written("13800138000", Form::E164), "13800138000");
    }
}
