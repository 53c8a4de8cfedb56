"""An off-screen VTK window and the meshes in it: what `scene` and the kitchen film draw with. No Qt, no display.

Pictures are (height, width, 3) uint8 with the top row first; depths are (height, width) in 0 (near) … 1 (nothing).
Multi-sampling is off: software OpenGL takes four times as long with it; smooth edges come from drawing larger and
averaging. Colours are `#rrggbb`. One window is used by one thread. Whoever makes a window closes it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy import ndarray

from core.opencv import cv2
from core.rendering.probe import way_to_draw


@dataclass(frozen=True)
class Finish:
    """How a surface answers to light (Phong). `flat` surfaces show their colour as it is, unlit."""

    ambient: float = 0.24
    diffuse: float = 0.76
    specular: float = 0.06
    shine: float = 10.0
    flat: bool = False


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
        self._data.SetPoints(self._points)
        if faces is not None:
            self._data.SetPolys(_cells(faces))
        if lines is not None:
            self._data.SetLines(_cells(lines))
        if uv is not None:
            self._data.GetPointData().SetTCoords(numpy_to_vtk(np.ascontiguousarray(uv, np.float32), deep=True))
        self.actor = vtkActor()
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(self._data)
        mapper.SetScalarModeToUsePointData()
        self.actor.SetMapper(mapper)
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
        surface.SetInterpolationToPhong()
        surface.SetAmbient(finish.ambient)
        surface.SetDiffuse(finish.diffuse)
        surface.SetSpecular(finish.specular)
        surface.SetSpecularPower(finish.shine)

    def move(
        self, vertices_m: Float[ndarray, "vertices 3"], normals: Float[ndarray, "vertices 3"] | None = None
    ) -> None:
        """New places (and normals) of the same vertices."""
        from vtkmodules.util.numpy_support import numpy_to_vtk

        self._points.SetData(numpy_to_vtk(np.ascontiguousarray(vertices_m, np.float32), deep=True))
        if normals is not None:
            self._data.GetPointData().SetNormals(numpy_to_vtk(np.ascontiguousarray(normals, np.float32), deep=True))
        self._points.Modified()
        self._data.Modified()

    def paint(self, colours: "UInt8[ndarray, 'vertices 3'] | str") -> None:
        """One colour for all of it, or one a vertex."""
        from vtkmodules.util.numpy_support import numpy_to_vtk

        if isinstance(colours, str):
            self._data.GetPointData().SetScalars(None)
            self.actor.GetProperty().SetColor(*(part / 255 for part in rgb(colours)))
        else:
            self._data.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(colours, np.uint8), deep=True))

    def wrap(self, picture: UInt8[ndarray, "rows columns 3"]) -> None:
        """Another texture."""
        self.actor.SetTexture(_texture(picture))

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


class Window:
    """Draws meshes into memory. `renderer` is VTK's own, for lights and passes."""

    def __init__(self, width: int, height: int, background: str) -> None:
        # The window comes first: importing its module is what makes VTK's renderers and actors OpenGL ones.
        self._window: Any = _render_window()
        from vtkmodules.vtkRenderingCore import vtkRenderer

        self.renderer = vtkRenderer()
        self.set_background(background)
        self.renderer.SetAutomaticLightCreation(False)
        self._window.SetShowWindow(False)
        self._window.SetUseOffScreenBuffers(True)
        self._window.SetMultiSamples(0)
        self._window.AddRenderer(self.renderer)
        self.resize(width, height)

    @property
    def size(self) -> tuple[int, int]:
        """Width, height."""
        return self._size

    def resize(self, width: int, height: int) -> None:
        self._size = (max(width, 1), max(height, 1))
        self._window.SetSize(*self._size)

    def set_background(self, colour: str) -> None:
        self.renderer.SetBackground(*(part / 255 for part in rgb(colour)))

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
        *,
        with_camera: bool = False,
    ) -> None:
        """A distant light from `place` towards a point; `with_camera` in the camera's own axes (it looks along −z)."""
        from vtkmodules.vtkRenderingCore import vtkLight

        light = vtkLight()
        if with_camera:
            light.SetLightTypeToCameraLight()
        light.SetPosition(*place)
        light.SetFocalPoint(*towards)
        light.SetColor(*(part / 255 for part in rgb(colour)))
        light.SetIntensity(strength)
        self.renderer.AddLight(light)

    def driver(self) -> str:
        """What draws, as OpenGL names it, such as `llvmpipe (LLVM 15.0.6, 256 bits)`. Known after the first draw."""
        for line in self._window.ReportCapabilities().splitlines():
            if line.lower().startswith("opengl renderer string"):
                return line.partition(":")[2].strip()
        return "unknown"

    def draw(self) -> None:
        self._window.Render()

    def picture(self) -> UInt8[ndarray, "height width 3"]:
        """What was drawn last."""
        from vtkmodules.util.numpy_support import vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

        width, height = self._size
        pixels = vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, pixels)
        return cv2.flip(cv2.cvtColor(vtk_to_numpy(pixels).reshape(height, width, 4), cv2.COLOR_RGBA2RGB), 0)

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
        self.renderer.RemoveAllViewProps()
        self.renderer.RemoveAllLights()
        self._window.RemoveRenderer(self.renderer)
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


def _cells(corners: Int[ndarray, "cells corners"]) -> Any:
    from vtkmodules.util.numpy_support import numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonDataModel import vtkCellArray

    count, each = corners.shape
    cells = vtkCellArray()
    offsets = np.arange(0, count * each + 1, each, dtype=np.int64)
    flat = np.ascontiguousarray(corners, np.int64).reshape(-1)
    cells.SetData(numpy_to_vtkIdTypeArray(offsets, deep=True), numpy_to_vtkIdTypeArray(flat, deep=True))
    return cells


def _texture(picture: UInt8[ndarray, "rows columns 3"]) -> Any:
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkRenderingCore import vtkTexture

    rows, columns, _ = picture.shape
    image = vtkImageData()
    image.SetDimensions(columns, rows, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(picture[::-1]).reshape(-1, 3), deep=True))
    texture = vtkTexture()
    texture.SetInputData(image)
    texture.InterpolateOn()
    texture.MipmapOn()
    texture.RepeatOn()
    return texture
