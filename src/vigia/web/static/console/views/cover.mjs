// Context -> how each post is watched, and the band that says where the watch is lost.
import {html, nothing} from '../../vendor/lit/lit.mjs';
import {t} from '../../core/i18n.mjs';
import {age} from '../format.mjs';
import {NO_LINK} from '../icons.mjs';
import {lostPosts, postCover} from '../model.mjs';

/** @typedef {import('../app.mjs').Context} Context */

const DOT = {watched: '', partly: 'warn', unproved: 'hollow', lost: 'bad', none: 'hollow'};

/** @param {import('../store.mjs').State} state @param {string} post_id */
export const postName = (state, post_id) => state.posts.find((p) => p.post_id === post_id)?.name ?? post_id;

/** Where nobody is watched any more, and since when. @param {Context} c */
export function coverBand(c) {
  const lost = lostPosts(c.state);
  if (lost.length === 0) return nothing;
  const where = lost.map(({post, cover}) => t('console.cover.since', {name: post.name, age: age(c.now_ms - cover.since_ms)}));
  return html`<div class="limited" role="alert" data-cover="lost">${NO_LINK}<b>${t('truth.watch_lost')}</b><span>${where.join(', ')}. ${t('console.cover.told')}</span></div>`;
}

/** One row a post. No tick, no green: what is watched can still be blind to what comes. @param {Context} c */
export function coverList(c) {
  if (c.state.posts.length === 0) return nothing;
  return html`<section><h2>${t('console.cover.title')}</h2><ul class="sensors">${postCover(c.state).map(({post, cover}) => html`
    <li data-post=${post.post_id} title=${sides(cover)}><i class="dot ${DOT[/** @type {keyof typeof DOT} */ (cover?.watched)] ?? 'hollow'}"></i><span>${post.name}</span>
      <em>${t(`console.cover.${cover?.watched ?? 'unsaid'}`)}</em><time class="num">${cover ? age(c.now_ms - cover.since_ms) : ''}</time></li>`)}</ul></section>`;
}

function sides(/** @type {any} */ cover) {
  return (cover?.classes ?? []).map((/** @type {any} */ k) =>
    `${t(`cover.class.${k.drones}`)}: ${k.points.map((/** @type {string} */ p) => t(`alert.point_short.${p}`)).join(' ') || '–'}`).join('; ');
}
