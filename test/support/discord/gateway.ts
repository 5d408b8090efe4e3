import { GatewayCloseCodes, GatewayIntentBits, GatewayOpcodes } from 'discord.js';
import { WebSocketServer, type WebSocket } from 'ws';
import { z } from 'zod';
import { newSnowflake } from './snowflakes.ts';
import { guildPayload, memberPayload, userPayload } from './payloads.ts';
import type { GuildState, World } from './world.ts';

const HEARTBEAT_INTERVAL_MS = 41_250;

type Payload = { op: number; d: unknown; s: number | null; t: string | null };

/** A session outlives its connection: what is dispatched meanwhile is kept for a RESUME. */
type Session = { id: string; intents: number; sent: Payload[]; socket: WebSocket | undefined };

const identifySchema = z.object({ token: z.string(), intents: z.number().int() });
const resumeSchema = z.object({ token: z.string(), session_id: z.string(), seq: z.number().int() });
const requestMembersSchema = z.object({
  guild_id: z.string(),
  query: z.string().optional(),
  user_ids: z.union([z.string(), z.array(z.string())]).optional(),
  nonce: z.string().optional(),
});
const frameSchema = z.object({ op: z.number().int(), d: z.unknown() });

/** Discord's gateway, version 10 with JSON: sessions, heartbeats, resuming, and events by intents. */
export class Gateway {
  readonly server = new WebSocketServer({ noServer: true });
  readonly #world: World;
  readonly #sessions = new Map<string, Session>();
  #tokenRefused = false;
  #url = '';

  constructor(world: World) {
    this.#world = world;
    this.server.on('connection', (socket) => {
      this.#greet(socket);
    });
  }

  /** Where READY sends clients to resume. */
  listenAt(url: string): void {
    this.#url = url;
  }

  /** The address that `GET /gateway/bot` gives. */
  get url(): string {
    return this.#url;
  }

  /**
   * Sends an event to every session that asked for it. `intent` 0 goes to all.
   *
   * @returns whether any session is there to get it, now or when it resumes.
   */
  dispatch(event: string, data: unknown, intent: number): boolean {
    const takers = [...this.#sessions.values()].filter(({ intents }) => (intents & intent) === intent);
    for (const session of takers) this.#send(session, event, data);
    return takers.length > 0;
  }

  /** The bot came to a guild. */
  guildJoined(guild: GuildState): void {
    for (const session of this.#sessions.values()) this.#sendGuild(session, guild);
  }

  /** Breaks all connections; with `resumable` false their sessions end too. */
  drop(resumable: boolean): void {
    for (const session of this.#sessions.values()) session.socket?.close(GatewayCloseCodes.UnknownError);
    if (!resumable) this.#sessions.clear();
  }

  /** Ends all connections as Discord does when the token is reset, and takes no more. */
  refuseToken(): void {
    this.#tokenRefused = true;
    for (const { socket } of this.#sessions.values()) socket?.close(GatewayCloseCodes.AuthenticationFailed);
    this.#sessions.clear();
  }

  /** Ends everything. */
  close(): void {
    for (const socket of this.server.clients) socket.terminate();
    this.#sessions.clear();
    this.server.close();
  }

  #greet(socket: WebSocket): void {
    let session: Session | undefined;
    sendFrame(socket, GatewayOpcodes.Hello, { heartbeat_interval: HEARTBEAT_INTERVAL_MS });
    socket.on('message', (bytes: Buffer) => {
      const frame = parseFrame(bytes.toString());
      if (!frame) return socket.close(GatewayCloseCodes.DecodeError);
      if (frame.op === GatewayOpcodes.Heartbeat) return sendFrame(socket, GatewayOpcodes.HeartbeatAck, undefined);
      if (frame.op === GatewayOpcodes.Identify || frame.op === GatewayOpcodes.Resume) {
        if (session) return socket.close(GatewayCloseCodes.AlreadyAuthenticated);
        session =
          frame.op === GatewayOpcodes.Identify ? this.#identify(socket, frame.d) : this.#resume(socket, frame.d);
        return;
      }
      if (!session) return socket.close(GatewayCloseCodes.NotAuthenticated);
      if (frame.op === GatewayOpcodes.RequestGuildMembers) return this.#sendMembers(session, frame.d);
      // A presence and a voice state change nothing that a bot of this kind could see.
      if (frame.op !== GatewayOpcodes.PresenceUpdate && frame.op !== GatewayOpcodes.VoiceStateUpdate) {
        socket.close(GatewayCloseCodes.UnknownOpcode);
      }
    });
    socket.on('close', (code) => {
      if (session?.socket !== socket) return;
      session.socket = undefined;
      // A client that closes with 1000 or 1001 has no wish to come back; Discord drops the session.
      if (code === 1000 || code === 1001) this.#sessions.delete(session.id);
    });
    socket.on('error', () => socket.terminate());
  }

  #identify(socket: WebSocket, data: unknown): Session | undefined {
    const identify = identifySchema.safeParse(data);
    if (!identify.success) {
      socket.close(GatewayCloseCodes.DecodeError);
      return undefined;
    }
    if (!this.#accepts(identify.data.token)) {
      socket.close(GatewayCloseCodes.AuthenticationFailed, 'Authentication failed.');
      return undefined;
    }
    const session: Session = { id: `session-${newSnowflake()}`, intents: identify.data.intents, sent: [], socket };
    this.#sessions.set(session.id, session);
    const { applicationId, bot } = this.#world;
    this.#send(session, 'READY', {
      v: 10,
      user: userPayload(bot),
      guilds: this.#world.joinedGuilds().map(({ id }) => ({ id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: this.#url,
      shard: [0, 1],
      application: { id: applicationId, flags: 0 },
    });
    for (const guild of this.#world.joinedGuilds()) this.#sendGuild(session, guild);
    return session;
  }

  #resume(socket: WebSocket, data: unknown): Session | undefined {
    const resume = resumeSchema.safeParse(data);
    if (!resume.success) {
      socket.close(GatewayCloseCodes.DecodeError);
      return undefined;
    }
    if (!this.#accepts(resume.data.token)) {
      socket.close(GatewayCloseCodes.AuthenticationFailed, 'Authentication failed.');
      return undefined;
    }
    const session = this.#sessions.get(resume.data.session_id);
    if (!session || resume.data.seq > session.sent.length) {
      sendFrame(socket, GatewayOpcodes.InvalidSession, false);
      return undefined;
    }
    session.socket = socket;
    for (const missed of session.sent.slice(resume.data.seq)) socket.send(JSON.stringify(missed));
    this.#send(session, 'RESUMED', {});
    return session;
  }

  #sendGuild(session: Session, guild: GuildState): void {
    if ((session.intents & GatewayIntentBits.Guilds) === 0) return;
    const seesMembers = (session.intents & GatewayIntentBits.GuildMembers) !== 0;
    this.#send(session, 'GUILD_CREATE', guildPayload(this.#world, guild, seesMembers));
  }

  #sendMembers(session: Session, data: unknown): void {
    const request = requestMembersSchema.safeParse(data);
    const guild = request.success ? this.#world.guilds.get(request.data.guild_id) : undefined;
    if (!request.success || !guild?.members.has(this.#world.bot.id)) return;
    const { query, user_ids: userIds, nonce } = request.data;
    const asked = userIds === undefined ? undefined : new Set([userIds].flat());
    // The whole list needs the intent; single users may be asked for without it.
    if (!asked && (session.intents & GatewayIntentBits.GuildMembers) === 0) {
      session.socket?.close(GatewayCloseCodes.DisallowedIntents);
      return;
    }
    const members = [...guild.members.values()].filter(({ user }) =>
      asked ? asked.has(user.id) : user.username.startsWith(query ?? ''),
    );
    this.#send(session, 'GUILD_MEMBERS_CHUNK', {
      guild_id: guild.id,
      members: members.map((member) => memberPayload(member)),
      chunk_index: 0,
      chunk_count: 1,
      not_found: [...(asked ?? [])].filter((id) => !guild.members.has(id)),
      ...(nonce === undefined ? {} : { nonce }),
    });
  }

  #accepts(token: string): boolean {
    return !this.#tokenRefused && token.replace(/^Bot /, '') === this.#world.token;
  }

  #send(session: Session, t: string, d: unknown): void {
    // A copy of this moment: what is kept for a RESUME must not change with the world.
    const payload: Payload = { op: GatewayOpcodes.Dispatch, t, s: session.sent.length + 1, d: structuredClone(d) };
    session.sent.push(payload);
    if (session.socket?.readyState === session.socket?.OPEN) session.socket?.send(JSON.stringify(payload));
  }
}

function sendFrame(socket: WebSocket, op: number, d: unknown): void {
  socket.send(JSON.stringify({ op, d, s: null, t: null }));
}

function parseFrame(text: string): z.infer<typeof frameSchema> | undefined {
  try {
    return frameSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
