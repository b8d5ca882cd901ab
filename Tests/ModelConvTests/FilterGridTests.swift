import Diagnostics
import TensorCore
import Testing

@testable import ModelConv

@Suite struct FilterGridTests {
  @Test func colourTilesTakeEachChannel() throws {
    // Two filters of 3 channels, 1×2: the first runs 0…5.
    let w = try Tensor([0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 10] as [Float], shape: [2, 3, 1, 2])
    var grid = FilterGrid()
    grid.scale = 1
    let (p, s) = try grid.render("conv", w)
    #expect(s.isColour)
    #expect(s.tiles == 2)
    #expect((p.width, p.height, p.channels) == (7, 3, 3))
    #expect(p[x: 1, y: 1, channel: 0] == 0)
    #expect(p[x: 2, y: 1, channel: 2] == 255)
    #expect(p[x: 1, y: 1, channel: 1] == 102)
    grid.reversesChannels = true
    let swapped = try grid.render("conv", w).0
    #expect(swapped[x: 1, y: 1, channel: 0] == p[x: 1, y: 1, channel: 2])
    #expect(swapped[x: 1, y: 1, channel: 1] == p[x: 1, y: 1, channel: 1])
  }

  @Test func greyTilesAreOneRowAFilter() throws {
    let w = try Tensor((0..<24).map { Float($0) }, shape: [3, 2, 2, 2])
    let (_, s) = try FilterGrid().render("conv", w)
    #expect(!s.isColour)
    #expect((s.tiles, s.columns, s.rows) == (6, 2, 3))
    #expect(s.width == 2 * (2 * s.scale + 1) + 1)
  }

  @Test func oneRangeOrOneEach() throws {
    let w = try Tensor([0, 1, 0, 10] as [Float], shape: [2, 1, 1, 2])
    var grid = FilterGrid()
    grid.scale = 1
    let own = try grid.render("conv", w).0
    #expect(own[x: 2, y: 1, channel: 0] == 255)
    grid.isGlobal = true
    let all = try grid.render("conv", w).0
    #expect(all[x: 2, y: 1, channel: 0] == 26)
  }

  @Test func oddValuesAreDrawn() throws {
    let flat = try FilterGrid().render("c", try Tensor([Float](repeating: 3, count: 8), shape: [2, 1, 2, 2])).0
    #expect(flat[x: 1, y: 1, channel: 0] == 128)
    _ = try FilterGrid().render("c", try Tensor([.nan, .infinity, -1, 1] as [Float], shape: [1, 1, 2, 2]))
    #expect(throws: Diagnostic.self) { try FilterGrid().render("c", try Tensor([Float](), shape: [0, 3, 2, 2])) }
  }

  @Test func matricesAndLongKernelsHaveTiles() throws {
    let matrix = try FilterGrid().render("fc", try Tensor([Float](repeating: 1, count: 40), shape: [4, 10])).1
    #expect(matrix.tiles == 4)
    let volume = try FilterGrid().render("c3", try Tensor([Float](repeating: 1, count: 48), shape: [2, 2, 3, 2, 2])).1
    #expect(volume.tiles == 4)
  }
}
