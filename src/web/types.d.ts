// What the client draws: the room's state as the SDK holds it, and the two things it talks to.

export type Role = 'listener' | 'collaborator' | 'host';
export type Action = 'add' | 'reorder' | 'skip' | 'seek' | 'chat' | 'react' | 'invite';
export type Permissions = Record<Action, Role>;

export interface Track {
  id: string;
  provider: string;
  title: string;
  artists: string[];
  duration_ms: number;
  url: string;
  artwork: string | null;
  accent?: string | null;
}

export interface Item {
  id: string;
  track: Track;
  by: string;
  votes: number;
  pinned: boolean;
}

export interface Person {
  name: string;
  picture: string | null;
  role: Role;
  muted: boolean;
}

export interface Message {
  id: string;
  by: string;
  at: number;
  text: string;
}

export interface Settings {
  id: string;
  title: string;
  visibility: 'public' | 'unlisted' | 'private';
  password: boolean;
  temporary: boolean;
  entry: 'open' | 'closed';
  permissions: Permissions;
  order: 'added' | 'fair' | 'votes';
  vote_skip_percent: number;
  slow_mode_ms: number;
}

export interface Playback {
  item: string;
  position_ms: number;
  at_ms: number;
  paused: boolean;
}

export interface RoomState {
  status: 'connecting' | 'joined' | 'reconnecting' | 'closed';
  /** The connection is being replaced because that was wished: it is not lost. */
  rejoining: boolean;
  reason: unknown;
  you: { member: string; role: Role } | null;
  epoch: string | null;
  seq: number;
  room: Settings | null;
  current: Item | null;
  playback: Playback | null;
  queue: Item[];
  vote: { have: number; need: number } | null;
  chat: Message[];
  people: Record<string, Person>;
  presence: { count: number; list: string[]; sampled: boolean };
  tally: Record<string, number> | { counts: Record<string, number> };
  health: { median_ms: number; p95_ms: number; listeners: number } | null;
  limits: { name: number; title: number; chat: number; url: number } | null;
}

export interface Room {
  state: RoomState;
  clock: { now(): number };
  subscribe(listener: () => void): () => void;
  on(type: string, listener: (value: any) => void): () => void;
  position(): number | null;
  add(tracks: string[], after?: string | null): Promise<unknown>;
  remove(item: string): Promise<unknown>;
  move(item: string, after: string | null): Promise<unknown>;
  clear(): Promise<unknown>;
  shuffle(): Promise<unknown>;
  vote(item: string, value: number): Promise<unknown>;
  undo(): Promise<unknown>;
  play(item: string): Promise<unknown>;
  pause(item: string): Promise<unknown>;
  seek(item: string, position_ms: number): Promise<unknown>;
  skip(item: string): Promise<unknown>;
  voteSkip(item: string): Promise<unknown>;
  jump(item: string): Promise<unknown>;
  react(item: string, reaction: string | null): Promise<unknown>;
  say(text: string): Promise<unknown>;
  unsay(message: string): Promise<unknown>;
  rename(name: string): Promise<unknown>;
  forget(): Promise<unknown>;
  rejoin(): void;
  call(method: string, params?: object): Promise<any>;
  close(): void;
}

export interface PlayerState {
  status: 'idle' | 'loading' | 'playing' | 'waiting' | 'paused' | 'asking' | 'blocked' | 'failed';
  drift_ms: number | null;
  error: unknown;
  /** Whose server the person is asked about while the status is `asking`, and what it is called. */
  origin: string | null;
  host: string | null;
}

export interface Player {
  state: PlayerState;
  subscribe(listener: () => void): () => void;
  unblock(): unknown;
  setVolume(volume: number): void;
  setMuted(muted: boolean): void;
  setNudge(milliseconds: number): void;
  dispose(): void;
}

/** What an operation is refused with: by the SDK, and by the HTTP interface. */
export interface Refusal {
  kind: string;
  message?: string;
  field?: string | null;
  retry?: boolean;
  retry_after_ms?: number;
  reference?: string | null;
  /** Tries that are left, of a code. */
  left?: number | null;
}

export interface ListedRoom {
  id: string;
  title: string;
  listeners: number;
  current: Pick<Track, 'title' | 'artists' | 'artwork' | 'accent'> | null;
}
