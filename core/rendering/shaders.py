"""What the graphics card, or Mesa in its place, computes for each corner and each pixel of a scene. GLSL 1.50.

VTK's own shaders allow for everything VTK can do, and software OpenGL pays for all of it: with these a picture takes a
third of the time. They keep VTK's names for what VTK hands over (`MCDCMatrix` and so on; MC is the mesh's own space,
VC the camera's, where x is right, y up and the viewer lies towards +z).

Colours leave as (colour, share); the window mixes them over what is there by that share.
"""

from dataclasses import dataclass

import numpy as np

LIGHTS = (
    # from where, in camera axes: the key over the viewer's left shoulder, a cool fill, and a rim from behind
    ((-1.4, 1.9, 1.6), "#fff6ec", 0.92),
    ((2.2, 0.3, 1.2), "#dfe8ff", 0.36),
    ((1.2, 1.6, -2.2), "#ffffff", 0.45),
)


@dataclass(frozen=True)
class Program:
    """The two halves of a shader."""

    corner: str
    pixel: str


def _vector(values: tuple[float, ...]) -> str:
    return f"vec{len(values)}({', '.join(f'{value:.6f}' for value in values)})"


def _lit() -> str:
    """GLSL: `light` and `gleam` that fall on `n`, seen along `e`."""
    lines = ["vec3 light = vec3(0.0); float gleam = 0.0; float along; float mirrored;"]
    for place, colour, strength in LIGHTS:
        towards = _vector(tuple(np.array(place) / np.linalg.norm(place)))
        code = int(colour[1:], 16)
        tint = _vector(tuple(strength * (code >> shift & 255) / 255 for shift in (16, 8, 0)))
        lines.append(f"along = max(dot(n, {towards}), 0.0); light += along * {tint};")
        lines.append(f"mirrored = max(dot(reflect(-{towards}, n), e), 0.0);")
        # The sixteenth power by squaring: `pow` is what costs most of all here.
        lines += ["mirrored *= mirrored;"] * 4
        lines.append(f"gleam += {strength:.4f} * mirrored;")
    return "\n  ".join(lines)


_CORNER = """//VTK::System::Dec
in vec4 vertexMC;
in vec3 normalMC;
<in>
uniform mat4 MCDCMatrix;
uniform mat4 MCVCMatrix;
uniform mat3 normalMatrix;
out vec3 place;
out vec3 facing;
void main() {
  gl_Position = MCDCMatrix * vertexMC;
  place = (MCVCMatrix * vertexMC).xyz;
  facing = normalMatrix * normalMC;
  <out>
}
"""
_PIXEL = f"""//VTK::System::Dec
//VTK::Output::Dec
in vec3 place;
in vec3 facing;
<in>
uniform vec3 finish;  // ambient, diffuse, specular
uniform int cameraParallel;
void main() {{
  vec3 n = normalize(facing);
  vec3 e = cameraParallel == 1 ? vec3(0.0, 0.0, 1.0) : normalize(-place);
  {_lit()}
  gl_FragData[0] = vec4(paint.rgb * (finish.x + finish.y * light) + finish.z * gleam, 1.0);
}}
"""

ONE_COLOUR = Program(_CORNER.replace("<in>", "").replace("<out>", ""), _PIXEL.replace("<in>", "uniform vec3 paint;"))
"""A lit surface of one colour, the uniform `paint`."""
COLOUR_A_CORNER = Program(
    _CORNER.replace("<in>", "in vec4 scalarColor;\nout vec3 paint;").replace("<out>", "paint = scalarColor.rgb;"),
    _PIXEL.replace("<in>", "in vec3 paint;"),
)
"""A lit surface with a colour at each corner."""

# The floor: lines a metre apart with fainter ones between, fading from `middle` on, darkened by `shade`.
# `way` is how it is drawn: 0 as a floor, 1 only its lines and shadows, for pictures without background, 2 not at all,
# but hiding what lies under it. A line is as wide as LINE says, and at least so wide that it is seen; where lines lie
# closer than pixels they fade.
_FLOOR_CORNER = """//VTK::System::Dec
in vec4 vertexMC;
<in>
uniform mat4 MCDCMatrix;
out vec2 at;
void main() {
  gl_Position = MCDCMatrix * vertexMC;
  at = vertexMC.xz;
  <out>
}
"""
_FLOOR_PIXEL = """//VTK::System::Dec
//VTK::Output::Dec
in vec2 at;
<in>
uniform vec3 back;
uniform vec3 ground;
uniform vec3 line;
uniform vec2 middle;
uniform vec4 reach;  // fades from, faded at, how dark shadows are, how strong lines are
uniform int way;
float lines(vec2 off, vec2 pixel) {
  vec2 wide = max(vec2(<line>), 0.8 * pixel);
  vec2 over = clamp(min(off + 0.5 * pixel, 0.5 * wide) - max(off - 0.5 * pixel, -0.5 * wide), 0.0, 1.0) / pixel;
  over *= 1.0 - smoothstep(0.12, 0.45, pixel);
  return min(max(over.x, over.y), 1.0);
}
void main() {
  float far = clamp((length(at - middle) - reach.x) / (reach.y - reach.x), 0.0, 1.0);
  float fade = (1.0 - far) * (1.0 - far) * (1.0 + 2.0 * far);
  vec2 pixel = max(fwidth(at), vec2(1e-5));
  float drawn = max(lines(abs(fract(at + 0.5) - 0.5), pixel), 0.42 * lines(abs(fract(at) - 0.5), pixel)) * reach.w;
  float dark = <shade> * reach.z;
  if (way == 0) {
    vec3 floor_ = mix(back, ground * (1.0 - dark), fade);
    gl_FragData[0] = vec4(mix(floor_, line * (1.0 - 0.6 * dark), drawn * fade), 1.0);
  } else if (way == 1) {
    float over = drawn * fade;
    float share = over + dark * (1.0 - over);
    if (share < 0.004) discard;
    gl_FragData[0] = vec4(line * (1.0 - 0.6 * dark) * over / share, share);
  } else {
    gl_FragData[0] = vec4(0.0);
  }
}
""".replace("<line>", "0.006")

FLOOR = Program(
    _FLOOR_CORNER.replace("<in>", "").replace("<out>", ""), _FLOOR_PIXEL.replace("<in>", "").replace("<shade>", "0.0")
)
FLOOR_SHADED = Program(
    _FLOOR_CORNER.replace("<in>", "in vec2 tcoord;\nout vec2 uv;").replace("<out>", "uv = tcoord;"),
    _FLOOR_PIXEL.replace("<in>", "in vec2 uv;\nuniform sampler2D actortexture;").replace(
        "<shade>", "texture(actortexture, uv).r"
    ),
)
"""The part of the floor that shadows fall on: how dark is in its texture."""
