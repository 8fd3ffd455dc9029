/** Across the face as a share of the head's half width, down it as a share of its half height, and off the skin (1 is on it). */
export type FacePoint = readonly [across: number, down: number, off?: number];

interface Projected {
  readonly x: number;
  readonly y: number;
  /** Towards the viewer. */
  readonly z: number;
}

export interface HeadShape {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly jaw: number;
  readonly centre: readonly [number, number];
  /** Degrees: to the picture's right, and up. */
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
}

/** A region of the head's skin between two heights, given at every longitude (degrees, 0 is the nose). */
export interface Patch {
  readonly from: number;
  readonly to: number;
  readonly top: (longitude: number) => number;
  readonly bottom: (longitude: number) => number;
  readonly off: number;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/**
 * A head as a surface in space, turned and seen from far away. Features are given on the face as it looks from the
 * front, so that turning, foreshortening and what is hidden follow from the geometry.
 */
export class Head {
  readonly shape: HeadShape;
  readonly #turn: readonly [number, number, number, number, number, number];

  constructor(shape: HeadShape) {
    this.shape = shape;
    const [yaw, pitch, roll] = [radians(shape.yaw), radians(shape.pitch), radians(shape.roll)];
    this.#turn = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch), Math.sin(roll), Math.cos(roll)];
  }

  /** Where a point of the face appears. */
  at([across, down, off = 1]: FacePoint): Projected {
    const { width, height } = this.shape;
    const half = Math.max(this.#halfWidth(down), 0.01);
    const sine = Math.max(-1, Math.min(1, (across * width) / half));
    const z = this.#halfDepth(down) * Math.sqrt(1 - sine * sine);
    return this.#project(half * sine * off, down * height, z * off);
  }

  /** Whether a point of the face is turned towards the viewer far enough to be seen. */
  shows(point: FacePoint): boolean {
    return this.at(point).z > 0.12 * this.shape.depth;
  }

  /** An SVG path whose points lie on the face: head.path`M${[0, 0]} L${[0.1, 0.2]}`. */
  path(commands: TemplateStringsArray, ...points: readonly FacePoint[]): string {
    return commands.reduce((path, command, i) => {
      const point = points[i];
      return path + command + (point === undefined ? '' : pair(this.at(point)));
    }, '');
  }

  /** The part of a patch that faces the viewer, as one SVG path. */
  patch(patch: Patch): string {
    const columns = this.#mesh(patch);
    let path = '';
    for (const [column, left] of columns.slice(0, -1).entries()) {
      for (let row = 0; row + 1 < left.length; row += 1) {
        const right = columns[column + 1];
        const [a, b, c, d] = [left[row], right?.[row], right?.[row + 1], left[row + 1]];
        if (!a || !b || !c || !d) continue;
        const facing = (c.x - a.x) * (d.y - b.y) - (c.y - a.y) * (d.x - b.x) > 0;
        if (facing) path += `M${pair(a)}L${pair(b)}L${pair(c)}L${pair(d)}Z`;
      }
    }
    return path;
  }

  /** The outline of the whole head, `off` times its size, as an SVG path. */
  outline(off = 1): string {
    const points: Projected[] = [];
    for (let step = -10; step <= 10; step += 1) {
      const down = Math.sin((step / 10) * (Math.PI / 2));
      for (let longitude = -180; longitude < 180; longitude += 20) points.push(this.#around(longitude, down, off));
    }
    return `M${convexHull(points).map(pair).join('L')}Z`;
  }

  /** The outline of a patch, both of its sides and what it encloses: what stands off the head seen against the background. */
  silhouette(patch: Patch): string {
    return `M${convexHull(this.#mesh(patch).flat()).map(pair).join('L')}Z`;
  }

  /** A ring around an ear, in the plane of the side of the head; `side` is −1 or 1, `size` a share of the ear's. */
  ear(side: number, size: number): string {
    const points = Array.from({ length: 14 }, (_, i) => this.#onEar(side, (i / 14) * 2 * Math.PI, size));
    return `M${points.map(pair).join('L')}Z`;
  }

  earlobe(side: number): Projected {
    return this.#onEar(side, 0.2, 1.15);
  }

  /** Columns of points from the top to the bottom of a patch. */
  #mesh({ from, to, top, bottom, off }: Patch): Projected[][] {
    const columns = Math.ceil((to - from) / 15);
    const rows = 6;
    return Array.from({ length: columns + 1 }, (_, column) => {
      const longitude = from + ((to - from) * column) / columns;
      // Equal steps of latitude, so that the crown is round.
      const [high, low] = [Math.asin(top(longitude)), Math.asin(bottom(longitude))];
      return Array.from({ length: rows + 1 }, (_, row) => {
        return this.#around(longitude, Math.sin(high + ((low - high) * row) / rows), off);
      });
    });
  }

  #onEar(side: number, angle: number, size: number): Projected {
    const { width, height, depth } = this.shape;
    // The rim at the back stands off the head.
    const flare = 0.07 * (1 - Math.sin(angle)) * size;
    const y = height * (0.12 + 0.17 * size * Math.cos(angle));
    return this.#project(side * width * (0.97 + flare), y, depth * (0.13 * size * Math.sin(angle) - 0.1));
  }

  #around(longitude: number, down: number, off: number): Projected {
    const angle = radians(longitude);
    const deep = Math.abs(longitude) > 90 ? this.#backDepth(down) : this.#halfDepth(down);
    const x = this.#halfWidth(down) * Math.sin(angle) * off;
    return this.#project(
      x,
      down * this.shape.height * (down < 0 ? off : 1 + (off - 1) / 2),
      deep * Math.cos(angle) * off,
    );
  }

  /** The skull is round; below the eyes the width falls off as the jaw says. */
  #halfWidth(down: number): number {
    const { width, jaw } = this.shape;
    const power = down < 0 ? 2.2 : jaw;
    return width * Math.sqrt(Math.max(0, 1 - Math.abs(down) ** power));
  }

  #halfDepth(down: number): number {
    const round = Math.sqrt(Math.max(0, 1 - down * down));
    return this.shape.depth * (down < 0 ? round : 0.7 + 0.3 * round);
  }

  #backDepth(down: number): number {
    return this.shape.depth * Math.sqrt(Math.max(0, 1 - down * down)) * (down > 0.2 ? 1 - 0.5 * (down - 0.2) : 1);
  }

  #project(x: number, y: number, z: number): Projected {
    const [sinYaw, cosYaw, sinPitch, cosPitch, sinRoll, cosRoll] = this.#turn;
    const across = x * cosYaw + z * sinYaw;
    const near = z * cosYaw - x * sinYaw;
    const down = y * cosPitch - near * sinPitch;
    const [cx, cy] = this.shape.centre;
    return {
      x: cx + across * cosRoll - down * sinRoll,
      y: cy + across * sinRoll + down * cosRoll,
      z: near * cosPitch + y * sinPitch,
    };
  }
}

function pair({ x, y }: Projected): string {
  return `${x.toFixed(2)} ${y.toFixed(2)}`;
}

/** Andrew's monotone chain. */
function convexHull(points: readonly Projected[]): Projected[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (ordered: readonly Projected[]): Projected[] => {
    const chain: Projected[] = [];
    for (const point of ordered) {
      for (let [a, b] = chain.slice(-2); a && b && cross(a, b, point) <= 0; [a, b] = chain.slice(-2)) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

function cross(a: Projected, b: Projected, c: Projected): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}
