//! From one room to its connections. A batch is one stream of frames, shared by all; what belongs
//! to a single connection (its reply) is put in at its place. Small rooms are written by the actor
//! itself; larger ones by shard tasks, each with some hundreds of connections.

use super::input::ConnectionId;
use crate::connection::{Gone, Outlet, deflate, frame};
use bytes::{Bytes, BytesMut};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use stereo_protocol::CloseCode;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

/// How many connections are written by whom. On one core the sizes cost nothing: shards of 128, 512
/// and 2,048, and rooms of 1,000 written by the actor alone, took the same per delivery within the
/// spread of five rounds of `stereo-bench compare --only one,paced` (0.99 to 1.10 of the floor). So
/// several cores decide: a shard is what one of them does at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Up to so many the actor writes by itself: waking a task would cost more.
    inline: usize,
    /// Connections written by one task, at most; one that is full is halved. About two
    /// milliseconds of the kernel's time.
    shard: usize,
    /// Batches that wait for a shard; beyond, the room waits.
    backlog: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            inline: 128,
            shard: 512,
            backlog: 32,
        }
    }
}

/// How long the tasks of connections are waited for that have to let go of something: they need only
/// run once.
const LETTING_GO: Duration = Duration::from_secs(1);

/// What goes out together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    number: u64,
    /// Frames for everyone, one behind the other.
    stream: Bytes,
    /// The same, each compressed where that pays; empty when nobody wants it.
    deflated: Bytes,
    /// Frames for one connection each, at places of the streams.
    own: Vec<Own>,
}

#[derive(Debug)]
struct Own {
    outlet: Arc<Outlet>,
    at: usize,
    at_deflated: usize,
    frame: Bytes,
}

/// What a connection is sent first: the parts of one frame.
pub(super) type Greeting = [Bytes; 3];

enum ShardEvent {
    Batch(Arc<Batch>),
    Add(Arc<Outlet>, Greeting),
    Remove(ConnectionId),
    /// These go to another shard, which waits for them.
    Part(Vec<ConnectionId>, oneshot::Sender<Shard>),
    Close(CloseCode),
    CloseOne(ConnectionId, CloseCode),
    /// Something was erased that may wait to be sent.
    LetGo(Gone),
    /// Ends those who have not come to it.
    EndHeld,
}

/// Connections in the order in which they are written to.
#[derive(Default)]
struct Shard {
    outlets: Vec<Arc<Outlet>>,
    places: HashMap<ConnectionId, usize>,
}

enum Part {
    Inline(Shard),
    Task(mpsc::Sender<ShardEvent>),
}

/// The connections of a room.
pub(super) struct Fanout {
    parts: Vec<(Part, usize)>,
    /// In which part a connection is.
    seats: HashMap<ConnectionId, usize>,
    sizes: Sizes,
    tracker: TaskTracker,
    stream: BytesMut,
    deflated: BytesMut,
    own: Vec<Own>,
    deflating: usize,
    number: u64,
}

impl Fanout {
    pub(super) fn new(tracker: TaskTracker, sizes: Sizes) -> Self {
        Self {
            parts: vec![(Part::Inline(Shard::default()), 0)],
            seats: HashMap::new(),
            sizes,
            tracker,
            stream: BytesMut::new(),
            deflated: BytesMut::new(),
            own: Vec::new(),
            deflating: 0,
            number: 0,
        }
    }

    /// Adds a frame for everyone to the batch.
    pub(super) fn everyone(&mut self, parts: &[&[u8]]) {
        if self.deflating > 0 {
            let length: usize = parts.iter().map(|part| part.len()).sum();
            let packed = (length >= deflate::WORTH)
                .then(|| deflate::deflate(&parts.concat()))
                .flatten();
            match packed {
                Some(packed) => {
                    frame::write_frame(&mut self.deflated, frame::Opcode::Text, true, &[&packed])
                }
                None => frame::write_frame(&mut self.deflated, frame::Opcode::Text, false, parts),
            }
        }
        frame::write_frame(&mut self.stream, frame::Opcode::Text, false, parts);
    }

    /// Adds a frame for one connection to the batch, behind what is in it.
    pub(super) fn one(&mut self, outlet: &Arc<Outlet>, frame: Bytes) {
        let own = Own {
            outlet: outlet.clone(),
            at: self.stream.len(),
            at_deflated: self.deflated.len(),
            frame,
        };
        self.own.push(own);
    }

    /// Sends the batch.
    pub(super) async fn flush(&mut self) {
        if self.stream.is_empty() && self.own.is_empty() {
            return;
        }
        self.number += 1;
        let batch = Arc::new(Batch {
            number: self.number,
            stream: std::mem::take(&mut self.stream).freeze(),
            deflated: std::mem::take(&mut self.deflated).freeze(),
            own: std::mem::take(&mut self.own),
        });
        for own in &batch.own {
            // Not seated here (any more): nothing of the stream is for it.
            if !self.seats.contains_key(&own.outlet.id()) {
                own.outlet.push(std::slice::from_ref(&own.frame));
            }
        }
        for (part, count) in &mut self.parts {
            match part {
                Part::Inline(shard) => shard.write(&batch),
                Part::Task(_) if *count == 0 => {}
                Part::Task(task) => {
                    let _ = task.send(ShardEvent::Batch(batch.clone())).await;
                }
            }
        }
    }

    /// Seats a connection behind everything flushed so far, where the fewest are; `first` is what
    /// it is sent first.
    pub(super) async fn add(&mut self, outlet: Arc<Outlet>, first: Greeting) {
        self.flush().await;
        self.deflating += usize::from(outlet.deflates());
        self.spread_if_large();
        let place = self.emptiest();
        if self.parts[place].1 >= self.most_in(place) {
            self.halve(place).await;
        }
        let place = self.emptiest();
        self.parts[place].1 += 1;
        self.seats.insert(outlet.id(), place);
        self.tell(place, ShardEvent::Add(outlet, first)).await;
    }

    fn emptiest(&self) -> usize {
        let counts = self.parts.iter().map(|(_, count)| *count).enumerate();
        counts
            .min_by_key(|(_, count)| *count)
            .map_or(0, |(place, _)| place)
    }

    fn most_in(&self, place: usize) -> usize {
        match self.parts[place].0 {
            Part::Inline(_) => self.sizes.inline,
            Part::Task(_) => self.sizes.shard,
        }
    }

    /// Gives half of a shard's connections to a new one. That one waits until the old one has
    /// written everything that it was given before, so each connection's order carries over.
    async fn halve(&mut self, place: usize) {
        let seated = self.seats.iter().filter(|(_, seat)| **seat == place);
        let mut moving: Vec<ConnectionId> = seated.map(|(id, _)| *id).collect();
        moving.truncate(moving.len() / 2);
        let (parted, coming) = oneshot::channel();
        let new = self.new_shard(coming);
        for id in &moving {
            self.seats.insert(*id, new);
        }
        self.parts[place].1 -= moving.len();
        self.parts[new].1 = moving.len();
        self.tell(place, ShardEvent::Part(moving, parted)).await;
    }

    pub(super) async fn remove(&mut self, outlet: &Outlet) {
        let Some(place) = self.seats.remove(&outlet.id()) else {
            return;
        };
        self.deflating -= usize::from(outlet.deflates());
        self.parts[place].1 -= 1;
        self.tell(place, ShardEvent::Remove(outlet.id())).await;
    }

    /// Closes one connection behind what is flushed.
    pub(super) async fn close(&mut self, outlet: &Arc<Outlet>, code: CloseCode) {
        match self.seats.get(&outlet.id()).copied() {
            Some(place) => {
                self.tell(place, ShardEvent::CloseOne(outlet.id(), code))
                    .await
            }
            None => outlet.close(code),
        }
    }

    /// Closes every connection behind what is flushed.
    pub(super) async fn close_all(&mut self, code: CloseCode) {
        self.flush().await;
        for place in 0..self.parts.len() {
            self.tell(place, ShardEvent::Close(code)).await;
        }
    }

    /// Sees to it that nothing of what was said so far waits in this process: whoever reads so slowly
    /// that it would is closed, and comes back. Returns when that is done.
    pub(super) async fn let_go(&mut self) {
        self.flush().await;
        let (gone, mut all_gone) = mpsc::channel(1);
        for place in 0..self.parts.len() {
            self.tell(place, ShardEvent::LetGo(gone.clone())).await;
        }
        drop(gone);
        // Nothing is ever sent: it ends when everybody has dropped theirs.
        let done = tokio::time::timeout(LETTING_GO, all_gone.recv()).await;
        if done.is_err() {
            for place in 0..self.parts.len() {
                self.tell(place, ShardEvent::EndHeld).await;
            }
            all_gone.recv().await;
        }
    }

    async fn tell(&mut self, place: usize, event: ShardEvent) {
        match &mut self.parts[place].0 {
            Part::Inline(shard) => shard.handle(event),
            Part::Task(task) => {
                let _ = task.send(event).await;
            }
        }
    }

    /// A room that outgrows its actor's own writing gets tasks, once and for all: what is in the
    /// inline shard has been written, so its order carries over.
    fn spread_if_large(&mut self) {
        let [(Part::Inline(shard), count)] = &mut self.parts[..] else {
            return;
        };
        if *count < self.sizes.inline {
            return;
        }
        let (shard, count) = (std::mem::take(shard), *count);
        self.parts.clear();
        let (ready, coming) = oneshot::channel();
        // Whoever waits for it is below.
        let _ = ready.send(shard);
        let place = self.new_shard(coming);
        self.parts[place].1 = count;
    }

    /// A task that writes for the connections that come, once they are there.
    fn new_shard(&mut self, coming: oneshot::Receiver<Shard>) -> usize {
        let (task, mut events) = mpsc::channel(self.sizes.backlog);
        self.tracker.spawn(async move {
            // Nobody comes from a shard that ended meanwhile: then the room has ended too.
            let mut shard = coming.await.unwrap_or_default();
            while let Some(event) = events.recv().await {
                shard.handle(event);
                // A shard that has fallen behind does not hold the worker: others wait for it, and
                // among them are those who measure its clock.
                if !events.is_empty() {
                    tokio::task::yield_now().await;
                }
            }
        });
        self.parts.push((Part::Task(task), 0));
        self.parts.len() - 1
    }
}

impl Shard {
    fn handle(&mut self, event: ShardEvent) {
        match event {
            ShardEvent::Batch(batch) => self.write(&batch),
            ShardEvent::Add(outlet, first) => {
                outlet.push_parts(&first);
                self.seat(outlet);
            }
            ShardEvent::Remove(id) => drop(self.remove(id)),
            ShardEvent::Part(ids, parted) => {
                let mut other = Shard::default();
                let moving = ids.into_iter().filter_map(|id| self.remove(id));
                moving.for_each(|outlet| other.seat(outlet));
                // The other shard ends only after this one.
                let _ = parted.send(other);
            }
            ShardEvent::CloseOne(id, code) => {
                if let Some(place) = self.places.get(&id) {
                    self.outlets[*place].close(code);
                }
            }
            ShardEvent::Close(code) => self.outlets.iter().for_each(|outlet| outlet.close(code)),
            ShardEvent::LetGo(gone) => self.outlets.iter().for_each(|outlet| outlet.let_go(&gone)),
            ShardEvent::EndHeld => self.outlets.iter().for_each(|outlet| outlet.end_if_held()),
        }
    }

    fn seat(&mut self, outlet: Arc<Outlet>) {
        self.places.insert(outlet.id(), self.outlets.len());
        self.outlets.push(outlet);
    }

    fn remove(&mut self, id: ConnectionId) -> Option<Arc<Outlet>> {
        let place = self.places.remove(&id)?;
        let gone = self.outlets.swap_remove(place);
        if let Some(moved) = self.outlets.get(place) {
            self.places.insert(moved.id(), place);
        }
        Some(gone)
    }

    /// One write a connection. Those with frames of their own first: they are few.
    fn write(&self, batch: &Batch) {
        for (place, own) in batch.own.iter().enumerate() {
            let mine = self.places.contains_key(&own.outlet.id());
            if mine && own.outlet.served.swap(batch.number, Ordering::Relaxed) != batch.number {
                own.outlet.push(&batch.woven(place));
            }
        }
        if batch.stream.is_empty() {
            return;
        }
        for outlet in &self.outlets {
            if batch.own.is_empty() || outlet.served.load(Ordering::Relaxed) != batch.number {
                outlet.push(std::slice::from_ref(batch.stream_for(outlet)));
            }
        }
    }
}

impl Batch {
    fn stream_for(&self, outlet: &Outlet) -> &Bytes {
        if outlet.deflates() && !self.deflated.is_empty() {
            &self.deflated
        } else {
            &self.stream
        }
    }

    /// The stream of the connection of `own[first]`, with all its own frames at their places.
    fn woven(&self, first: usize) -> Vec<Bytes> {
        let outlet = &self.own[first].outlet;
        let stream = self.stream_for(outlet);
        let packed = outlet.deflates() && !self.deflated.is_empty();
        let mut segments = Vec::with_capacity(3);
        let mut done = 0;
        for own in self.own[first..]
            .iter()
            .filter(|own| own.outlet.id() == outlet.id())
        {
            let at = if packed { own.at_deflated } else { own.at };
            if at > done {
                segments.push(stream.slice(done..at));
                done = at;
            }
            segments.push(own.frame.clone());
        }
        if done < stream.len() {
            segments.push(stream.slice(done..));
        }
        segments
    }
}

#[cfg(test)]
mod tests;
