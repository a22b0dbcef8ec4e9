//! The site that a box starts with: the stored one, else the given one, else the demo.
//!
//! After an update gave way, the stored site may have words that only the newer release knew. A box that stays down
//! for that would be lost with both its releases, so the newest earlier version that this release knows is put in
//! force, as a version of its own: the other one stays in the history. A release on trial does nothing of the kind: it
//! ends, and the release before it comes back.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use centre::site::Site;
use store::{SiteVersion, Store};

use crate::self_test::SelfTest;

/// Versions looked at for one that this release knows.
const LOOKED_AT: u32 = 200;

/// Where a site comes from, and what it is held against.
pub(crate) struct Finder<'a> {
    pub(crate) store: &'a Store,
    /// What a box starts with whose store has none.
    pub(crate) given: Option<&'a Path>,
    pub(crate) prompts: &'a BTreeSet<String>,
    pub(crate) test: Option<&'a SelfTest>,
    /// Whether this release must prove itself yet, and another can come back.
    pub(crate) is_on_trial: bool,
}

impl Finder<'_> {
    pub(crate) async fn find(&self) -> anyhow::Result<Arc<Site>> {
        let Some(saved) = self.store.current_site().await? else {
            return self.first().await;
        };
        let place = format!("the stored site, version {}", saved.version);
        let why = match self.load(&place, &saved.text) {
            Ok(site) => return Ok(site),
            Err(why) => why,
        };
        if self.is_on_trial {
            return Err(why);
        }
        let Some((version, site)) = self.earlier(&saved).await? else {
            return Err(why);
        };
        tracing::error!("{why:#}\nversion {} is put in force again", version.version);
        let note = format!(
            "put in force by the box: this release does not know all of version {}",
            saved.version
        );
        self.store.save_site(&version.text, &note).await?;
        Ok(site)
    }

    /// Of a box that starts for the first time.
    async fn first(&self) -> anyhow::Result<Arc<Site>> {
        let (text, place) = match self.given {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("could not read the site `{}`", file.display()))?;
                (text, format!("`{}`", file.display()))
            }
            None => (
                Site::default_text().to_owned(),
                "the built-in site".to_owned(),
            ),
        };
        self.store.save_site(&text, "first start").await?;
        self.load(&place, &text)
    }

    /// The newest version before this one that this release knows.
    async fn earlier(
        &self,
        than: &SiteVersion,
    ) -> anyhow::Result<Option<(SiteVersion, Arc<Site>)>> {
        let history = self.store.site_history(LOOKED_AT).await?;
        let mut before = history.into_iter().filter(|v| v.version < than.version);
        Ok(before.find_map(|version| {
            let site = self.load("", &version.text).ok()?;
            Some((version, site))
        }))
    }

    fn load(&self, place: &str, text: &str) -> anyhow::Result<Arc<Site>> {
        match SelfTest::load(self.test, text, self.prompts) {
            Ok(site) => Ok(Arc::new(site)),
            Err(faults) => {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                bail!("{place} cannot be used:\n{}", faults.join("\n"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "[site]\nname = \"Old\"\n";
    const NEWER: &str = "[site]\nname = \"Newer\"\nword_to_come = true\n";

    fn finder(store: &Store, is_on_trial: bool) -> Finder<'_> {
        static NONE: BTreeSet<String> = BTreeSet::new();
        Finder {
            store,
            given: None,
            prompts: &NONE,
            test: None,
            is_on_trial,
        }
    }

    async fn stored(texts: &[&str]) -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(dir.path()).unwrap();
        for text in texts {
            store.save_site(text, "by hand").await.unwrap();
        }
        (dir, store)
    }

    #[tokio::test]
    async fn a_site_of_a_release_that_gave_way_leaves_the_one_before_it_in_force() {
        let (_dir, store) = stored(&[OLD, NEWER]).await;
        let site = finder(&store, false).find().await.unwrap();
        assert_eq!(site.text(), OLD);
        let current = store.current_site().await.unwrap().unwrap();
        assert_eq!((current.version, current.text.as_str()), (3, OLD));
        assert!(current.note.contains("version 2"), "{}", current.note);
        let kept = store.site_version(2).await.unwrap().unwrap();
        assert_eq!(kept.text, NEWER, "nothing is lost");
    }

    #[tokio::test]
    async fn a_release_on_trial_that_does_not_know_the_site_ends_and_changes_nothing() {
        let (_dir, store) = stored(&[OLD, NEWER]).await;
        let why = finder(&store, true).find().await.unwrap_err().to_string();
        assert!(
            why.contains("version 2") && why.contains("word_to_come"),
            "{why}"
        );
        assert_eq!(store.current_site().await.unwrap().unwrap().version, 2);
    }

    #[tokio::test]
    async fn a_site_that_no_version_can_stand_in_for_is_named() {
        let (_dir, store) = stored(&[NEWER]).await;
        let why = finder(&store, false).find().await.unwrap_err().to_string();
        assert!(why.contains("version 1"), "{why}");
    }
}
