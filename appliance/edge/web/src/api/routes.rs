//! A list of documented routes.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use utoipa::openapi::HttpMethod;
use utoipa::openapi::path::{PathItem, Paths};

use crate::app::App;

/// Routes with their documents.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<App>,
    paths: Paths,
}

impl Routes {
    /// Adds a handler at the path and method that its `#[utoipa::path]` names.
    pub(crate) fn with<P, H, T>(mut self, handler: H) -> Self
    where
        P: utoipa::Path,
        H: Handler<T, App>,
        T: 'static,
    {
        let path = P::path();
        for method in P::methods() {
            let filter = match method {
                HttpMethod::Post => MethodFilter::POST,
                HttpMethod::Delete => MethodFilter::DELETE,
                // HEAD comes with GET.
                _ => MethodFilter::GET,
            };
            let item = PathItem::new(method, P::operation());
            self.paths
                .paths
                .entry(path.clone())
                .or_default()
                .merge_operations(item);
            self.router = self.router.route(&path, on(filter, handler.clone()));
        }
        self
    }

    pub(crate) fn router(self) -> Router<App> {
        self.router
    }

    pub(crate) fn paths(self) -> Paths {
        self.paths
    }
}
