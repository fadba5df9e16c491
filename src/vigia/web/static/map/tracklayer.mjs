// Instances -> pixels: MapLibre's custom layer with two programs, one draw call each.
import {KIND, SHAPE_FLOATS, SPRITE_FLOATS} from './instances.mjs';

const FRONT = `#version 300 es
precision highp float;
uniform mat4 u_matrix;
uniform vec2 u_screen; // device pixels
uniform float u_ratio; // device pixels of a CSS pixel
vec4 clip(vec2 at) { return u_matrix * vec4(at, 0.0, 1.0); }
vec2 pixels(vec4 c) { return c.xy / c.w * 0.5 * u_screen; }
`;

const SPRITE_VERTEX = `${FRONT}
layout(location=0) in vec2 corner;
layout(location=1) in vec4 one; // x, y, picture, opacity
uniform float u_size; // CSS pixels
uniform vec2 u_grid; // pictures in a row, rows
out vec2 v_uv;
out float v_opacity;
void main() {
  vec4 c = clip(one.xy);
  c.xy += corner * u_size * u_ratio / u_screen * c.w;
  gl_Position = c;
  float row = floor((one.z + 0.5) / u_grid.x);
  vec2 cell = vec2(one.z - row * u_grid.x, row);
  v_uv = (cell + vec2(corner.x, -corner.y) * 0.5 + 0.5) / u_grid;
  v_opacity = one.w;
}`;
const SPRITE_FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D u_pictures;
in vec2 v_uv;
in float v_opacity;
out vec4 colour;
void main() { colour = texture(u_pictures, v_uv) * v_opacity; }`;

const SHAPE_VERTEX = `${FRONT}
layout(location=0) in vec2 corner;
layout(location=1) in vec4 ends; // a, b
layout(location=2) in vec2 what; // kind, width
layout(location=3) in vec4 paint;
out vec2 v_at; // device pixels from a, along the shape
flat out vec4 v_paint;
flat out vec4 v_what; // kind, width or half angle, length, end of an arc
void main() {
  int kind = int(what.x + 0.5);
  vec4 a = clip(ends.xy);
  vec2 pa = pixels(a);
  vec2 along = vec2(1.0, 0.0);
  float length_px = 0.0;
  float reach = what.y * u_ratio + 2.0;
  if (kind == ${KIND.LINE} || kind == ${KIND.RING} || kind == ${KIND.CONE}) {
    vec2 way = pixels(clip(ends.zw)) - pa;
    length_px = length(way);
    if (length_px > 0.0) along = way / length_px;
  }
  vec2 low = vec2(-reach), high = vec2(reach);
  float width = what.y * u_ratio;
  if (kind == ${KIND.LINE}) high.x = length_px + reach;
  if (kind == ${KIND.RING}) { low = vec2(-length_px - reach); high = -low; }
  if (kind == ${KIND.CONE}) { low = vec2(0.0, -length_px * sin(what.y)); high = vec2(length_px + 1.0, -low.y); width = what.y; }
  if (kind == ${KIND.SELECTED}) { low -= 2.0; high += 2.0; }
  if (kind == ${KIND.ARC}) length_px = ends.z;
  v_at = mix(low, high, corner * 0.5 + 0.5);
  vec2 off = v_at.x * along + v_at.y * vec2(-along.y, along.x);
  gl_Position = vec4(a.xy + off * 2.0 / u_screen * a.w, a.z, a.w);
  v_paint = paint;
  v_what = vec4(what.x, width, length_px, ends.w);
}`;
const SHAPE_FRAGMENT = `#version 300 es
precision highp float;
uniform float u_ratio;
in vec2 v_at;
flat in vec4 v_paint;
flat in vec4 v_what;
out vec4 colour;
void main() {
  int kind = int(v_what.x + 0.5);
  float half_px, d;
  float cover = 1.0;
  if (kind == ${KIND.LINE}) {
    half_px = v_what.y * 0.5;
    d = length(vec2(v_at.x - clamp(v_at.x, 0.0, v_what.z), v_at.y)) - half_px;
  } else if (kind == ${KIND.DOT}) {
    d = length(v_at) - v_what.y;
  } else if (kind == ${KIND.RING}) {
    d = abs(length(v_at) - v_what.z) - v_what.y * 0.5;
  } else if (kind == ${KIND.CONE}) {
    float r = length(v_at);
    float beyond = (abs(atan(v_at.y, v_at.x)) - v_what.y) * r;
    d = max(r - v_what.z, beyond);
    cover = 1.0 - 0.75 * r / v_what.z;
  } else if (kind == ${KIND.SELECTED}) {
    d = abs(length(v_at) - v_what.y) - 1.0 * u_ratio;
  } else {
    float turn = fract(0.25 - atan(v_at.y, v_at.x) / 6.2831853);
    if (turn < v_what.z || turn > v_what.w) discard;
    d = abs(length(v_at) - v_what.y) - 2.0 * u_ratio;
  }
  float alpha = clamp(0.5 - d, 0.0, 1.0) * cover * v_paint.a;
  if (alpha <= 0.0) discard;
  colour = vec4(v_paint.rgb * alpha, alpha);
}`;

/** One program with its buffers. attributes: [location, floats] of an instance, in order. */
class Batch {
  /** @param {WebGL2RenderingContext} gl @param {string} vertex @param {string} fragment
   * @param {[number, number][]} attributes @param {number} floats */
  constructor(gl, vertex, fragment, attributes, floats) {
    this.gl = gl;
    this.program = link(gl, vertex, fragment);
    /** @type {Map<string, WebGLUniformLocation | null>} */
    this.places = new Map();
    this.count = 0;
    this.array = gl.createVertexArray();
    this.corners = gl.createBuffer();
    this.buffer = gl.createBuffer();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    let at = 0;
    for (const [location, size] of attributes) {
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, size, gl.FLOAT, false, floats * 4, at);
      gl.vertexAttribDivisor(location, 1);
      at += size * 4;
    }
    gl.bindVertexArray(null);
  }

  /** @param {Float32Array} data @param {number} count */
  fill(data, count) {
    const {gl} = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
    this.count = count;
  }

  /** @param {(place: (name: string) => WebGLUniformLocation | null) => void} set */
  draw(set) {
    if (this.count === 0) return;
    const {gl} = this;
    gl.useProgram(this.program);
    gl.bindVertexArray(this.array);
    set((name) => {
      if (!this.places.has(name)) this.places.set(name, gl.getUniformLocation(this.program, name));
      return this.places.get(name) ?? null;
    });
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count);
    gl.bindVertexArray(null);
  }

  end() {
    const {gl} = this;
    gl.deleteVertexArray(this.array);
    gl.deleteBuffer(this.corners);
    gl.deleteBuffer(this.buffer);
    gl.deleteProgram(this.program);
  }
}

/** Give it to map.addLayer. MapLibre restores its own state after render(). */
export class TrackLayer {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.type = /** @type {const} */ ('custom');
    /** @type {[number, number]} */
    this.anchor = [0, 0];
    this.size = 34;
    /** @type {HTMLCanvasElement | null} */
    this.atlas = null;
    this.grid = [1, 1];
    /** @type {{sprites: [Float32Array, number], shapes: [Float32Array, number]} | null} */
    this.waiting = null;
    this.newAtlas = false;
  }

  /** @param {any} map @param {WebGL2RenderingContext} gl */
  onAdd(map, gl) {
    this.map = map;
    this.gl = gl;
    this.sprites = new Batch(gl, SPRITE_VERTEX, SPRITE_FRAGMENT, [[1, 4]], SPRITE_FLOATS);
    this.shapes = new Batch(gl, SHAPE_VERTEX, SHAPE_FRAGMENT, [[1, 4], [2, 2], [3, 4]], SHAPE_FLOATS);
    this.texture = gl.createTexture();
    this.newAtlas = this.atlas !== null;
    this.waiting = this.last ?? null; // a context that was lost comes back empty
  }

  onRemove() {
    this.sprites?.end();
    this.shapes?.end();
    this.gl?.deleteTexture(this.texture ?? null);
  }

  /** @param {HTMLCanvasElement} atlas @param {number} columns @param {number} rows */
  pictures(atlas, columns, rows) {
    this.atlas = atlas;
    this.grid = [columns, rows];
    this.newAtlas = true;
    this.map?.triggerRepaint();
  }

  /** @param {[number, number]} anchor @param {[Float32Array, number]} sprites @param {[Float32Array, number]} shapes */
  show(anchor, sprites, shapes) {
    this.anchor = anchor;
    this.waiting = this.last = {sprites, shapes};
    this.map?.triggerRepaint();
  }

  /** @param {WebGL2RenderingContext} gl @param {any} args */
  render(gl, args) {
    if (!this.sprites || !this.shapes) return;
    if (this.waiting) {
      this.sprites.fill(...this.waiting.sprites);
      this.shapes.fill(...this.waiting.shapes);
      this.waiting = null;
    }
    if (this.newAtlas) this.#upload(gl);
    const matrix = moved(args.defaultProjectionData.mainMatrix, this.anchor);
    const ratio = this.map.getPixelRatio();
    const common = (/** @type {(name: string) => WebGLUniformLocation | null} */ place) => {
      gl.uniformMatrix4fv(place('u_matrix'), false, matrix);
      gl.uniform2f(place('u_screen'), gl.drawingBufferWidth, gl.drawingBufferHeight);
      gl.uniform1f(place('u_ratio'), ratio);
    };
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.CULL_FACE);
    this.shapes.draw(common);
    this.sprites.draw((place) => {
      common(place);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, this.texture ?? null);
      gl.uniform1i(place('u_pictures'), 0);
      gl.uniform1f(place('u_size'), this.size * sizeAt(this.map.getZoom()));
      gl.uniform2f(place('u_grid'), this.grid[0], this.grid[1]);
    });
  }

  #upload(/** @type {WebGL2RenderingContext} */ gl) {
    this.newAtlas = false;
    gl.bindTexture(gl.TEXTURE_2D, this.texture ?? null);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, /** @type {HTMLCanvasElement} */ (this.atlas));
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  }
}

/** The matrix for offsets from the anchor, in doubles, so that a metre stays a metre at any zoom.
 * @param {ArrayLike<number>} m @param {[number, number]} anchor */
function moved(m, [x, y]) {
  const out = Float32Array.from(m);
  for (let i = 0; i < 4; i++) out[12 + i] = m[i] * x + m[4 + i] * y + m[12 + i];
  return out;
}

/** Symbols shrink when one looks from far. @param {number} zoom */
export const sizeAt = (zoom) => (zoom <= 6 ? 0.55 : zoom <= 10 ? 0.55 + (0.3 * (zoom - 6)) / 4 : zoom <= 12 ? 0.85 + (0.15 * (zoom - 10)) / 2 : 1);

function link(/** @type {WebGL2RenderingContext} */ gl, /** @type {string} */ vertex, /** @type {string} */ fragment) {
  const program = gl.createProgram();
  for (const [kind, text] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`map: the track layer does not link: ${gl.getProgramInfoLog(program)}`);
  return program;
}
