//! How many connections there are at once: of all, and of one address. A connection holds a place
//! for as long as it lives, whatever it speaks.

use dashmap::DashMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Who may have a place.
#[derive(Debug)]
pub struct Admission {
    all: Semaphore,
    by_address: DashMap<IpAddr, usize>,
    /// Of one address; 0: any number.
    most: usize,
}

/// A place; given back when dropped.
pub struct Place {
    admission: Arc<Admission>,
    address: IpAddr,
}

crate::telemetry::closed!(Place);

impl Admission {
    /// `all` at once, and `most` of one address; 0: any number.
    pub fn new(all: usize, most: usize) -> Self {
        Self {
            all: Semaphore::new(all.min(Semaphore::MAX_PERMITS)),
            by_address: DashMap::new(),
            most,
        }
    }

    /// Waits for a place among all; `None` when the address has too many.
    pub async fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let permit = self.all.acquire().await.ok()?;
        let mut count = self.by_address.entry(address).or_insert(0);
        if self.most > 0 && *count >= self.most {
            return None;
        }
        *count += 1;
        drop(count);
        // Given back by the place.
        permit.forget();
        Some(Place {
            admission: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let by_address = &self.admission.by_address;
        if let Some(mut count) = by_address.get_mut(&self.address) {
            *count -= 1;
        }
        by_address.remove_if(&self.address, |_, count| *count == 0);
        self.admission.all.add_permits(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_are_given_back() {
        let admission = Arc::new(Admission::new(3, 2));
        let [one, other] = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2])];
        let first = admission.admit(one).await.unwrap();
        let second = admission.admit(one).await.unwrap();
        assert!(admission.admit(one).await.is_none(), "two of one address");
        let third = admission.admit(other).await.unwrap();
        assert_eq!(admission.all.available_permits(), 0);
        drop((first, second, third));
        assert_eq!(admission.all.available_permits(), 3);
        assert!(admission.by_address.is_empty());
    }
}
