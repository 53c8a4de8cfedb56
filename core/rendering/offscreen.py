"""An off-screen VTK window and the meshes in it: what `scene` and the kitchen film draw with. No Qt, no display.

Pictures are (height, width, 3) uint8 with the top row first; depths are (height, width) in 0 (near) … 1 (nothing).
Multi-sampling is off: software OpenGL takes four times as long with it; smooth edges come from drawing larger and
averaging. Colours are `#rrggbb`. One window is used by one thread. Whoever makes a window closes it.

A window has one pane or several side by side, each with its own camera and meshes, drawn and read at once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy import ndarray

from core.opencv import cv2
from core.rendering.probe import way_to_draw
from core.rendering.shaders import Program


@dataclass(frozen=True)
class Finish:
    """How a surface answers to light (Phong). `flat` surfaces show their colour as it is, unlit.

    With a `program` of its own a surface takes no lights of the window, and its shine is the program's. Of a `closed`
    one only the outside is drawn.
    """

    ambient: float = 0.24
    diffuse: float = 0.76
    specular: float = 0.06
    shine: float = 10.0
    flat: bool = False
    program: Program | None = None
    closed: bool = False


class Mesh:
    """Triangles, lines or both, drawn with one colour or one a vertex."""

    def __init__(
        self,
        vertices_m: Float[ndarray, "vertices 3"],
        faces: Int[ndarray, "faces corners"] | None,
        *,
        lines: Int[ndarray, "lines 2"] | None = None,
        colours: UInt8[ndarray, "vertices 3"] | str = "#ffffff",
        normals: Float[ndarray, "vertices 3"] | None = None,
        uv: Float[ndarray, "vertices 2"] | None = None,
        texture: UInt8[ndarray, "rows columns 3"] | None = None,
        finish: Finish | None = None,
        line_width: float = 1.0,
    ) -> None:
        from vtkmodules.util.numpy_support import numpy_to_vtk
        from vtkmodules.vtkCommonCore import vtkPoints
        from vtkmodules.vtkCommonDataModel import vtkPolyData
        from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

        self._data = vtkPolyData()
        self._points = vtkPoints()
        self._places: Float[ndarray, "vertices 3"] | None = None
        self._normals: Float[ndarray, "vertices 3"] | None = None
        self._uniforms: Any = None
        self._image: Any = None
        self._data.SetPoints(self._points)
        self._faces = faces
        if faces is not None:
            self._data.SetPolys(_cells(faces))
        if lines is not None:
            self._data.SetLines(_cells(lines))
        if uv is not None:
            self._data.GetPointData().SetTCoords(numpy_to_vtk(np.ascontiguousarray(uv, np.float32), deep=True))
        self.actor = vtkActor()
        self._mapper: Any = vtkPolyDataMapper()
        self._mapper.SetInputData(self._data)
        self._mapper.SetScalarModeToUsePointData()
        self.actor.SetMapper(self._mapper)
        self._finish(finish or Finish())
        self.actor.GetProperty().SetLineWidth(line_width)
        if texture is not None:
            self.wrap(texture)
        self.paint(colours)
        self.move(vertices_m, normals)

    def _finish(self, finish: Finish) -> None:
        surface = self.actor.GetProperty()
        if finish.flat:
            surface.LightingOff()
        surface.SetBackfaceCulling(finish.closed)
        surface.SetInterpolationToPhong()
        surface.SetAmbient(finish.ambient)
        surface.SetDiffuse(finish.diffuse)
        surface.SetSpecular(finish.specular)
        surface.SetSpecularPower(finish.shine)
        if finish.program is None:
            return
        # A program sees the vertices as they were given: VTK moves those far from the origin otherwise.
        self._mapper.SetVBOShiftScaleMethod(0)
        self.actor.ForceOpaqueOn()
        shader = self.actor.GetShaderProperty()
        shader.SetVertexShaderCode(finish.program.corner)
        shader.SetFragmentShaderCode(finish.program.pixel)
        self._uniforms = shader.GetFragmentCustomUniforms()
        self.tell("finish", finish.ambient, finish.diffuse, finish.specular)

    def tell(self, name: str, *values: float) -> None:
        """Gives the mesh's program a uniform: one whole number, or two to four that need not be."""
        if len(values) == 1:
            self._uniforms.SetUniformi(name, int(values[0]))
        else:
            {2: self._uniforms.SetUniform2f, 3: self._uniforms.SetUniform3f, 4: self._uniforms.SetUniform4f}[
                len(values)
            ](name, values)

    def move(
        self, vertices_m: Float[ndarray, "vertices 3"], normals: Float[ndarray, "vertices 3"] | None = None
    ) -> None:
        """New places (and normals) of the same vertices."""
        if self._places is None or self._places.shape != vertices_m.shape:
            self._places, there = _shared(vertices_m.shape)
            self._points.SetData(there)
        self._places[:] = vertices_m
        self._points.Modified()
        if normals is not None:
            if self._normals is None or self._normals.shape != normals.shape:
                self._normals, there = _shared(normals.shape)
                self._data.GetPointData().SetNormals(there)
            self._normals[:] = normals
            self._data.GetPointData().GetNormals().Modified()
        self._data.Modified()

    def moves_like(self, faces: Int[ndarray, "faces corners"]) -> bool:
        """Whether a mesh with these faces is this one, only elsewhere."""
        return self._faces is not None and np.array_equal(self._faces, faces)

    def paint(self, colours: "UInt8[ndarray, 'vertices 3'] | str") -> None:
        """One colour for all of it, or one a vertex."""
        from vtkmodules.util.numpy_support import numpy_to_vtk

        if isinstance(colours, str) and self._uniforms is not None:
            self.tell("paint", *(part / 255 for part in rgb(colours)))
        elif isinstance(colours, str):
            self._data.GetPointData().SetScalars(None)
            self.actor.GetProperty().SetColor(*(part / 255 for part in rgb(colours)))
        else:
            self._data.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(colours, np.uint8), deep=True))

    def wrap(self, picture: UInt8[ndarray, "rows columns 3"]) -> None:
        """Another texture."""
        from vtkmodules.util.numpy_support import numpy_to_vtk

        if self._image is None:
            # A pattern is repeated and seen from afar; a program's picture is laid on once.
            self._image, texture = _texture(pattern=self._uniforms is None)
            self.actor.SetTexture(texture)
        rows, columns, _ = picture.shape
        self._image.SetDimensions(columns, rows, 1)
        scalars = np.ascontiguousarray(picture[::-1]).reshape(rows * columns, -1)
        self._image.GetPointData().SetScalars(numpy_to_vtk(scalars, deep=True))
        self._image.Modified()

    def carry(self, rotation: Float[ndarray, "3 3"], place_m: Float[ndarray, " 3"]) -> None:
        """Puts the whole mesh somewhere: x → R·x + place."""
        from vtkmodules.vtkCommonMath import vtkMatrix4x4

        matrix = vtkMatrix4x4()
        for row in range(3):
            for column in range(3):
                matrix.SetElement(row, column, float(rotation[row, column]))
            matrix.SetElement(row, 3, float(place_m[row]))
        self.actor.SetUserMatrix(matrix)

    def show(self, shown: bool = True) -> None:
        self.actor.SetVisibility(shown)


class Pane:
    """A part of a window: meshes, lights and a camera. `renderer` is VTK's own, for lights and passes."""

    def __init__(self, window: Any, background: str) -> None:
        from vtkmodules.vtkRenderingCore import vtkRenderer

        self._window = window
        self.renderer = vtkRenderer()
        self.renderer.SetAutomaticLightCreation(False)
        self.set_background(background)
        window.AddRenderer(self.renderer)

    def set_background(self, colour: str | None) -> None:
        """A colour, or None for nothing: pixels nothing was drawn on are then 0 with alpha 0."""
        self.renderer.SetBackground(*(part / 255 for part in rgb(colour or "#000000")))
        self.renderer.SetBackgroundAlpha(1.0 if colour else 0.0)

    def set_part(self, left: float, top: float, width: float, height: float) -> None:
        """Which part of the window it takes, in shares of it."""
        self.renderer.SetViewport(left, 1 - top - height, left + width, 1 - top)

    def add(self, mesh: Mesh) -> Mesh:
        self.renderer.AddActor(mesh.actor)
        return mesh

    def remove(self, mesh: Mesh) -> None:
        self.renderer.RemoveActor(mesh.actor)
        mesh.actor.ReleaseGraphicsResources(self._window)

    def add_light(
        self,
        place: tuple[float, float, float],
        towards: tuple[float, float, float],
        colour: str,
        strength: float,
    ) -> None:
        """A distant light from `place` towards a point."""
        from vtkmodules.vtkRenderingCore import vtkLight

        light = vtkLight()
        light.SetPosition(*place)
        light.SetFocalPoint(*towards)
        light.SetColor(*(part / 255 for part in rgb(colour)))
        light.SetIntensity(strength)
        self.renderer.AddLight(light)

    def clear(self) -> None:
        """Takes out all that is in it, and itself out of the window."""
        self.renderer.RemoveAllViewProps()
        self.renderer.RemoveAllLights()
        self._window.RemoveRenderer(self.renderer)


class Window:
    """Draws what is in its panes into memory; the first one fills it."""

    def __init__(self, width: int, height: int, background: str) -> None:
        # The window comes first: importing its module is what makes VTK's renderers and actors OpenGL ones.
        self._window: Any = _render_window()
        self._window.SetShowWindow(False)
        self._window.SetUseOffScreenBuffers(True)
        self._window.SetMultiSamples(0)
        self._window.SetAlphaBitPlanes(True)
        self.panes = [Pane(self._window, background)]
        self._read: Any = None
        self.resize(width, height)

    @property
    def pane(self) -> Pane:
        return self.panes[0]

    @property
    def renderer(self) -> Any:
        return self.pane.renderer

    @property
    def size(self) -> tuple[int, int]:
        """Width, height."""
        return self._size

    def resize(self, width: int, height: int) -> None:
        self._size = (max(width, 1), max(height, 1))
        self._window.SetSize(*self._size)

    def add_pane(self, background: str) -> Pane:
        """Another pane; say what part of the window each takes."""
        self.panes.append(Pane(self._window, background))
        return self.panes[-1]

    def remove_pane(self, pane: Pane) -> None:
        self.panes.remove(pane)
        pane.clear()

    def add(self, mesh: Mesh) -> Mesh:
        """Into the first pane."""
        return self.pane.add(mesh)

    def remove(self, mesh: Mesh) -> None:
        self.pane.remove(mesh)

    def driver(self) -> str:
        """What draws, as OpenGL names it, such as `llvmpipe (LLVM 15.0.6, 256 bits)`. Known after the first draw."""
        for line in self._window.ReportCapabilities().splitlines():
            if line.lower().startswith("opengl renderer string"):
                return line.partition(":")[2].strip()
        return "unknown"

    def draw(self) -> None:
        self._window.Render()

    def pixels(self) -> UInt8[ndarray, "height width 4"]:
        """What was drawn last, RGBA; colours are multiplied by alpha where the background is nothing."""
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

        width, height = self._size
        self._read = self._read or vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, self._read)
        return cv2.flip(vtk_to_numpy(self._read).reshape(height, width, 4), 0)

    def picture(self) -> UInt8[ndarray, "height width 3"]:
        """What was drawn last, without alpha."""
        return cv2.cvtColor(self.pixels(), cv2.COLOR_RGBA2RGB)

    def depth(self) -> Float[ndarray, "height width"]:
        """How deep it lies, 0 near … 1 far or nothing."""
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkFloatArray

        width, height = self._size
        depths = vtkFloatArray()
        self._window.GetZbufferData(0, 0, width - 1, height - 1, depths)
        return vtk_to_numpy(depths).reshape(height, width)[::-1]

    def close(self) -> None:
        """Gives everything back. May be called twice."""
        if self._window is None:
            return
        for pane in self.panes:
            pane.clear()
        self._window.Finalize()
        self._window = None


def rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as numbers 0 … 255."""
    value = int(colour.lstrip("#"), 16)
    return value >> 16, value >> 8 & 255, value & 255


def mix(first: str, second: str, share: float) -> str:
    """`share` of the second colour in the first."""
    parts = (round(a + (b - a) * share) for a, b in zip(rgb(first), rgb(second), strict=True))
    return "#{:02x}{:02x}{:02x}".format(*parts)


def _render_window() -> Any:
    from vtkmodules import vtkRenderingOpenGL2

    way = way_to_draw()
    if way == "native":
        from vtkmodules.vtkRenderingCore import vtkRenderWindow

        return vtkRenderWindow()
    names = {"egl": "vtkEGLRenderWindow", "x": "vtkXOpenGLRenderWindow", "osmesa": "vtkOSOpenGLRenderWindow"}
    return getattr(vtkRenderingOpenGL2, names[way])()


def _shared(shape: tuple[int, ...]) -> tuple[Float[ndarray, "vertices 3"], Any]:
    """Numbers that numpy writes and VTK reads, without a copy."""
    from vtkmodules.util.numpy_support import numpy_to_vtk

    values = np.empty(shape, np.float32)
    return values, numpy_to_vtk(values, deep=False)


def _cells(corners: Int[ndarray, "cells corners"]) -> Any:
    from vtkmodules.util.numpy_support import numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonDataModel import vtkCellArray

    count, each = corners.shape
    cells = vtkCellArray()
    offsets = np.arange(0, count * each + 1, each, dtype=np.int64)
    flat = np.ascontiguousarray(corners, np.int64).reshape(-1)
    cells.SetData(numpy_to_vtkIdTypeArray(offsets, deep=True), numpy_to_vtkIdTypeArray(flat, deep=True))
    return cells


def _texture(*, pattern: bool) -> tuple[Any, Any]:
    """An image to be filled, and the texture that shows it."""
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkRenderingCore import vtkTexture

    image, texture = vtkImageData(), vtkTexture()
    texture.SetInputData(image)
    texture.InterpolateOn()
    texture.SetMipmap(pattern)
    texture.SetRepeat(pattern)
    return image, texture
