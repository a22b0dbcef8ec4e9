//! One figure of a bench, as JSON for machines and as a line of a table for people.
//!
//! Peers' figures carry their origin in their name: `kamailio` was measured beside us in the same run,
//! `..._recorded` once before on another day, by the same scenario.

use serde_json::{Map, Value, json};

/// A figure, what it should be, and what others reach.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    name: String,
    value: f64,
    unit: String,
    goal: Option<f64>,
    peer: Map<String, Value>,
    /// Whether more is better; less is in most rows.
    is_more_better: bool,
}

impl Row {
    /// A figure without goal and peers.
    pub(crate) fn new(name: &str, value: f64, unit: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: rounded(value),
            unit: unit.to_owned(),
            goal: None,
            peer: Map::new(),
            is_more_better: false,
        }
    }

    /// More is better in this row, and its goal is the least it should reach.
    pub(crate) fn more(mut self) -> Self {
        self.is_more_better = true;
        self
    }

    /// What the figure should not exceed, or should reach where more is better.
    pub(crate) fn goal(mut self, goal: f64) -> Self {
        self.goal = Some(goal);
        self
    }

    /// What another reaches in the same unit.
    pub(crate) fn peer(mut self, name: &str, value: f64) -> Self {
        self.peer.insert(name.to_owned(), json!(rounded(value)));
        self
    }

    /// A row that another program of ours printed; none where the line is no row.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let row: Value = serde_json::from_str(line).ok()?;
        Some(Self {
            name: row["name"].as_str()?.to_owned(),
            value: rounded(row["value"].as_f64()?),
            unit: row["unit"].as_str()?.to_owned(),
            goal: row["goal"].as_f64(),
            peer: (row["peer"]
                .as_object()
                .cloned()
                .unwrap_or_default()
                .into_iter())
            .filter_map(|(name, value)| Some((name, json!(rounded(value.as_f64()?)))))
            .collect(),
            is_more_better: row["better"] == "more",
        })
    }

    /// Its name and its figure.
    pub(crate) fn figure(&self) -> (&str, f64) {
        (&self.name, self.value)
    }

    /// `{"name", "value", "unit", "goal", "peer", "ratio", "better"}`: `ratio` holds the figure as a
    /// part of each peer's that was measured in the same run.
    pub(crate) fn json(&self) -> Value {
        let ratio: Map<String, Value> = (self.peer.keys())
            .filter_map(|name| Some((name.clone(), json!(self.ratio(name)?))))
            .collect();
        json!({
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "goal": self.goal,
            "peer": self.peer,
            "ratio": ratio,
            "better": if self.is_more_better { "more" } else { "less" },
        })
    }

    /// The figure as a part of the peer's, where both were measured in the same run.
    fn ratio(&self, name: &str) -> Option<f64> {
        let peer = self.peer.get(name)?.as_f64()?;
        let is_measured = !name.ends_with("_recorded") && peer > 0.0;
        is_measured.then(|| rounded(self.value / peer))
    }

    fn cells(&self) -> [String; 5] {
        let peers: Vec<String> = (self.peer.iter())
            .map(|(name, value)| match self.ratio(name) {
                Some(ratio) => format!("{name} {value} ({ratio} of it)"),
                None => format!("{name} {value}"),
            })
            .collect();
        [
            self.name.clone(),
            self.value.to_string(),
            self.goal.map_or_else(String::new, |goal| goal.to_string()),
            self.unit.clone(),
            peers.join(", "),
        ]
    }
}

/// All rows below one another, columns aligned.
pub(crate) fn table(rows: &[Row]) -> String {
    let head = ["name", "value", "goal", "unit", "peers"].map(str::to_owned);
    let lines: Vec<[String; 5]> = std::iter::once(head)
        .chain(rows.iter().map(Row::cells))
        .collect();
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let [name, value, goal, unit] = [0, 1, 2, 3].map(width);
    let line = |[a, b, c, d, e]: &[String; 5]| {
        format!("{a:name$}  {b:>value$}  {c:>goal$}  {d:unit$}  {e}")
    };
    let lines: Vec<String> = (lines.iter())
        .map(|cells| line(cells).trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// Three digits after the point: no figure here is truer than that.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
