// The console's looking back: the timeline it has, and the player while somebody looks.
import {session} from '../../core/session.mjs';
import {t} from '../../core/i18n.mjs';
import {incidents, targetName, trackRows} from '../model.mjs';
import {MINUTES, nextMark} from './layout.mjs';
import {Player} from './player.mjs';

const READERS = ['watch_officer', 'admin', 'analyst', 'releaser'];
const AGAIN_MS = 300_000; // the process that reads rests between
const SOON_MS = 20_000; // after something that belongs on the line
const SEEK_WAIT_MS = 150; // while a hand moves
const BACK_MS = 60_000; // pressed without a place: a minute ago

export class Past {
  /** @param {any} app  the page: state, clock, ui, change(part), say(text) */
  constructor(app) {
    this.app = app;
    this.line = null;
    this.minutes = MINUTES[0];
    /** @type {string | null} */
    this.error = null;
    this.loading = false;
    this.due_ms = 0;
    /** @type {Player | null} */
    this.player = null;
    this.told = new Map();
    this.seeking = 0;
  }

  get may() {
    return READERS.includes(this.app.state.person?.role);
  }

  /** Each half second. */
  tick() {
    const now = this.app.clock.now();
    this.player?.tick(performance.now(), now);
    if (this.may && !document.hidden && this.app.ui.tab === 'watch' && now >= this.due_ms && !this.loading) this.load();
  }

  /** Something happened that belongs on the line. */
  soon() {
    this.due_ms = Math.min(this.due_ms, this.app.clock.now() + SOON_MS);
  }

  async load() {
    this.loading = true;
    this.due_ms = this.app.clock.now() + AGAIN_MS;
    try {
      this.line = await session.get(`/replay/timeline?minutes=${this.minutes}`);
      this.error = null;
      if (this.line.known_from_ms > this.line.since_ms + 1000) this.due_ms = this.app.clock.now() + 2_000; // it reads on
    } catch (error) {
      this.error = /** @type {Error} */ (error).message;
    }
    this.loading = false;
    this.app.change({});
  }

  acts() {
    return {
      span: (/** @type {number} */ minutes) => { this.minutes = minutes; this.load(); },
      seek: (/** @type {number} */ t_ms, /** @type {boolean} */ wait = false) => this.seek(t_ms, wait),
      play: () => this.begin((player) => player.play(!player.playing)),
      by: (/** @type {number} */ s) => this.begin((player) => this.seek(player.at_ms + s * 1000)),
      mark: (/** @type {1 | -1} */ way) => this.toMark(way),
      speed: (/** @type {number} */ speed) => this.begin((player) => player.setSpeed(speed)),
      live: () => this.end(),
    };
  }

  /** @param {(player: Player) => void} then  what to do with it; started a minute back if need be */
  begin(then) {
    if (!this.may) return;
    if (this.player) return then(this.player);
    this.seek(this.app.clock.now() - BACK_MS);
    /** @type {Player | null} */ (this.player)?.play(true);
  }

  seek(/** @type {number} */ t_ms, wait = false) {
    if (!this.may) return;
    if (!this.player) {
      this.player = new Player({ask: (body) => session.post('/replay', body), changed: () => this.app.change({})});
      this.app.change({selected: null, byHand: false});
    }
    clearTimeout(this.seeking);
    this.player.at_ms = t_ms; // the hand leads; what stood there follows
    this.seeking = setTimeout(() => this.player?.seek(t_ms, this.app.clock.now()), wait ? SEEK_WAIT_MS : 0);
    this.app.change({});
  }

  toMark(/** @type {1 | -1} */ way) {
    const found = nextMark(this.line, this.player?.at_ms ?? this.app.clock.now(), way);
    if (found !== null) this.seek(found);
  }

  /** Back to now. */
  end() {
    clearTimeout(this.seeking);
    if (this.player) this.player.round += 1; // an answer on its way is nobody's
    this.player = null;
    this.app.change({selected: null, byHand: false});
  }

  /** The context of the same views, drawn from the past. Nothing in it acts. @param {any} c */
  context(c) {
    const {player} = this;
    if (!player || c.ui.tab !== 'watch') return c;
    const {state} = player;
    const all = incidents(state, this.told);
    this.told = new Map(all.map((i) => [i.incident_id, i.lead.alert_id]));
    const refuse = () => this.app.say(t('console.replay.no_act'));
    const act = {...c.act, ask: refuse, askAllClear: refuse, askNotDrone: refuse, toldByRadio: refuse, doIt: refuse};
    return {...c, act, state, now_ms: player.at_ms, rows: trackRows(state), incidents: all, past: player,
      targetName: (/** @type {string} */ id) => targetName(state, id)};
  }
}
