//! How often pages were visited: counts alone, of nobody.

use super::{Call, Day};

/// How often one page was visited on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageVisits {
    /// The day.
    pub day: Day,
    /// The page, as the template of its path: never a path of somebody's. `*`: all of them.
    pub page: Box<str>,
    /// Visits.
    pub visits: u32,
    /// Different visitors.
    pub visitors: u32,
}

/// Counts of visits.
pub trait VisitCounts: Send + Sync + 'static {
    /// Adds to what is kept of these days and pages.
    fn add_visits(&self, counts: Vec<PageVisits>) -> Call<'_, ()>;
}
