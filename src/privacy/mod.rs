//! What is promised of people's data, and what proves it. Carries nothing out itself: erasing,
//! sealing and forgetting are done where the data are.

pub mod inventory;
