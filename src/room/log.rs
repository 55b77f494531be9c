//! What a room's log says of an event. Chat and votes are not in it.

use stereo_protocol::{Event, ItemId, MemberId, PublicState};

/// The action and whom it concerns, for events that belong in the log.
pub(super) fn entry(event: &Event) -> Option<(&'static str, Option<MemberId>)> {
    Some(match event {
        Event::QueueAdded { .. } => ("queue.added", None),
        Event::QueueRemoved { .. } => ("queue.removed", None),
        Event::QueueMoved { .. } => ("queue.moved", None),
        Event::QueueCleared { .. } => ("queue.cleared", None),
        Event::QueueShuffled { .. } => ("queue.shuffled", None),
        Event::PlaybackChanged { .. } => ("playback.changed", None),
        Event::RoomChanged { .. } => ("room.changed", None),
        Event::RoleChanged { member, .. } => ("role.changed", Some(*member)),
        Event::MemberChanged {
            member,
            muted: Some(_),
            ..
        } => ("member.muted", Some(*member)),
        Event::MemberBanned { member, .. } => ("member.banned", Some(*member)),
        Event::ChatRemoved { .. } => ("chat.removed", None),
        _ => return None,
    })
}

/// The title of the track that an event is about, looked up before the event is folded. None of a
/// track that somebody else serves: it is what a person gave, and goes when they do.
pub(super) fn title(event: &Event, state: &PublicState) -> Option<Box<str>> {
    let queued = |item: &ItemId| state.queue.iter().find(|queued| queued.id == *item);
    let item = match event {
        Event::QueueAdded { items, .. } => items.first(),
        Event::QueueRemoved { items } => items.first().and_then(queued),
        Event::QueueMoved { item, .. } => queued(item),
        Event::PlaybackChanged { current, .. } => current.as_ref(),
        _ => None,
    };
    let hosted = item.filter(|item| !item.track.is_elsewhere());
    hosted.map(|item| item.track.title.clone())
}
