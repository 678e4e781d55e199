// Ten-line samples of every tracker's format, with the quirks their real files have.
#include <catch2/catch.hpp>
#include <cmath>

#include "libhyped/errors.hpp"
#include "libhyped/ingest/read_events.hpp"
#include "libhyped/ingest/read_tracks.hpp"
#include "libhyped/store/write_tracks.hpp"
#include "tests/experiments/command_run.hpp"
#include "tests/ingest/tracks_same.hpp"

using namespace hyped;
using namespace hyped::testing;
using Catch::Matchers::Contains;

namespace {

CellTracks read(const std::string& text, const TrackReading& reading = {}, const std::string& name = "sample.csv") {
  const CommandFolder folder;
  folder.write(name, text);
  CellTracks tracks = read_tracks(folder.path() / name, reading);
  write_tracks(tracks, folder.path() / "tidy");      // whatever the format, the tidy form holds all of it
  CHECK(difference(tracks, read_tracks(folder.path() / "tidy")) == "");
  return tracks;
}

std::string xml(const std::string& edges, const std::string& model = "timeunits=\"min\"", const std::string& interval = "20.0") {
  std::string spots;
  const int frames[] = {0, 1, 2, 2, 3, 3};
  for (int i = 0; i < 6; ++i)
    spots += "<Spot ID=\"" + std::to_string(i) + "\" name=\"s\" FRAME=\"" + std::to_string(frames[i]) + "\" POSITION_X=\"" + std::to_string(i) + ".5\" POSITION_Y=\"1\" VISIBILITY=\"1\" MEAN_INTENSITY_CH1=\"7\">1 2</Spot>\n";
  return "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<TrackMate version=\"7.1\">\n<Log>\xB5m</Log>\n<Model spatialunits=\"\xB5m\" " + model +
         ">\n<FeatureDeclarations><SpotFeatures><Feature feature=\"MEAN_INTENSITY_CH1\"/></SpotFeatures></FeatureDeclarations>\n<AllSpots nspots=\"6\">\n" + spots +
         "</AllSpots>\n<AllTracks><Track TRACK_ID=\"0\">\n" + edges + "</Track></AllTracks>\n<FilteredTracks><TrackID TRACK_ID=\"0\"/></FilteredTracks>\n</Model>\n" +
         "<Settings><ImageData filename=\"a.tif\" nframes=\"4\" timeinterval=\"" + interval + "\"/></Settings></TrackMate>\n";
}
std::string edge(int from, int to) { return "<Edge SPOT_SOURCE_ID=\"" + std::to_string(from) + "\" SPOT_TARGET_ID=\"" + std::to_string(to) + "\"/>\n"; }
const std::string dividing = edge(0, 1) + edge(1, 2) + edge(1, 3) + edge(2, 4) + edge(5, 3);

}  // namespace

TEST_CASE("TrackMate XML: calibrated minutes, Latin-1, edges in either direction, film end from the image") {
  const CellTracks tracks = read(xml(dividing), {}, "a.xml");
  CHECK(counts_of(tracks).cells == 3);
  CHECK(counts_of(tracks).divisions == 1);
  CHECK(tracks.films[0].frame_interval_h == Approx(1.0 / 3));
  CHECK(tracks.length_unit == "um");
  CHECK_THAT(tracks.time_axis, Contains("frame x 20 min") && Contains("timeunits 'min'"));
  CHECK(cell(tracks, "0").end_h == Approx(1.0 / 3));
  CHECK(cell(tracks, "0.2").end == CellEnd::film_end);
  CHECK(tracks.films[0].name == "a");
  CHECK_THROWS_WITH(read(xml(dividing, "timeunits=\"sec\"", "1.0"), {}, "a.xml"), Contains("not known"));
  CHECK_THROWS_WITH(read(xml(dividing, "timeunits=\"frame\""), {}, "a.xml"), Contains("not known"));
}

TEST_CASE("TrackMate XML: merges are cut and said, wrong edges and broken files are refused with their line") {
  const CellTracks merged = read(xml(edge(0, 1) + edge(2, 4) + edge(3, 4)), {}, "a.xml");
  CHECK(merged.merges == 2);
  CHECK(counts_of(merged).divisions == 0);
  CHECK(counts_of(merged).unlinked_rows == 1);
  CHECK_THROWS_WITH(read(xml(edge(0, 9)), {}, "a.xml"), Contains("a.xml:15") && Contains("spot '9', which is not in the file"));
  CHECK_THROWS_WITH(read(xml(edge(2, 3)), {}, "a.xml"), Contains("a.xml:15") && Contains("within frame 2"));
  CHECK_THROWS_WITH(read(xml(dividing).substr(0, 900), {}, "a.xml"), Contains("not well-formed"));
  CHECK_THROWS_WITH(read("<?xml version=\"1.0\"?><html/>", {[] { TrackReading r; r.format = "trackmate-xml"; return r; }()}, "a.xml"), Contains("not TrackMate's"));
}

TEST_CASE("TrackMate XML: tracks that a filter hides are not read, a file without the filter shows all, archives hold one XML") {
  const std::string all = xml(dividing), filter = "<FilteredTracks><TrackID TRACK_ID=\"0\"/></FilteredTracks>";
  const auto with = [&](const std::string& instead) { return std::string(all).replace(all.find(filter), filter.size(), instead); };
  CHECK(read(with(""), {}, "a.xml").cells.size() == 3);
  CHECK_THROWS_WITH(read(with("<FilteredTracks/>"), {}, "a.xml"), Contains("holds no cell"));
  CHECK_THROWS_WITH(read("PK\x03\x04 and then nothing", {}, "a.zip"), Contains("a.zip") && Contains("zip archive that cannot be read") && Contains("unzip it"));
}

TEST_CASE("TrackMate CSV: three more header lines or none, None ids, any case, minutes from the units line") {
  const std::string names = "Label,id,Track_ID,Position_X,POSITION_Y,POSITION_T,FRAME,MANUAL_EGE_COLOR,MEAN_INTENSITY_CH1\n";
  const std::string more = "Label,Spot ID,Track ID,X,Y,T,Frame,Color,Mean ch1\nLabel,ID,Track,X,Y,T,F,C,Mean\n,,,(micron),(micron),(min),,,(counts)\n";
  const std::string rows = "ID0,0,0,1,1,0,0,,5\nID1,1,0,2,1,10,1,,6\nID2,2,None,9,9,10,1,,7\nID3,3,,8,8,20,2,,NaN\nID4,4,0,3,1,20,2,,8\n";
  const CellTracks tracks = read(names + more + rows);
  CHECK(tracks.format == "trackmate-csv");
  CHECK(counts_of(tracks).cells == 1);
  CHECK(counts_of(tracks).rows == 5);
  CHECK(counts_of(tracks).unlinked_rows == 2);
  CHECK(tracks.films[0].frame_interval_h == Approx(1.0 / 6));
  CHECK(tracks.length_unit == "um");
  CHECK(std::isnan(tracks.frames.intensity(4, 0)));
  CHECK(cell(tracks, "0").source_line == 5);
  CHECK_THROWS_WITH(read(names + rows), Contains("POSITION_T is 10 x FRAME, its unit ''"));
  CHECK(counts_of(read(names + rows, every(10))).cells == 1);
  const CellTracks latin = read("\xB5m," + names + "1,ID0,0,0,1,1,0,0,,5\n", every(10));
  CHECK(latin.cells.size() == 1);
}

TEST_CASE("btrack's lab tables: NA, dummy points, a root is its own parent, apoptosis ends a cell") {
  const std::string head = "ID,t,x,y,z,parent,root,state,generation,dummy,area,c0_intensity_mean,c1_intensity_mean\n";
  const CellTracks tracks = read(head + "1,0,5.0,6.0,0,1,1,0,0,False,100,0.5,0.1\n1,1,5.1,6.0,0,1,1,5,0,True,NA,NA,NA\n1,2,5.2,6.0,0,1,1,0,0,False,101,0.6,0.1\n"
                                        "2,3,4.0,6.0,0,1,1,0,1,False,50,0.3,0.1\n3,3,7.0,6.0,0,1,1,0,1,False,52,0.3,0.1\n3,4,7.0,6.1,0,1,1,4,1,False,52,0.3,0.1\n2,4,4,6.5,0,1,1,0,1,False,5,0.2,0.1\n2,5,4,6.6,0,1,1,0,1,False,5,0.2,0.1\n",
                                 every(15));
  CHECK(counts_of(tracks).cells == 3);
  CHECK(counts_of(tracks).trees == 1);
  CHECK(cell(tracks, "1").end == CellEnd::division);
  CHECK(cell(tracks, "3").end == CellEnd::death);
  CHECK(cell(tracks, "2").end == CellEnd::film_end);
  CHECK(tracks.frames.channels == std::vector<std::string>{"c0_intensity_mean", "c1_intensity_mean"});
  CHECK(tracks.frames.filled == std::vector<char>{0, 1, 0, 0, 0, 0, 0, 0});
  CHECK(std::isnan(tracks.frames.intensity(1, 0)));
}

TEST_CASE("btrack's graph and properties must belong to the tracks") {
  const CommandFolder folder;
  folder.write("t.csv", "ID,t,y,x\n1,0.0,1,1\n1,1.0,1,2\n2,2.0,1,3\n3,2.0,1,4\n");
  folder.write("g.json", "{\"2\": [1], \"3\": [1]}");
  folder.write("p.csv", "t,state,generation,root,parent\n0,0,0,1,1\n1,0,0,1,1\n2,0,1,1,1\n2,0,1,1,3\n");
  folder.write("short.csv", "t,state\n0,0\n");
  TrackReading reading = every(15);
  CHECK_THAT(read_tracks(folder.path() / "t.csv", reading).notes.at(0), Contains("no parents are known"));
  reading.graph = folder.path() / "g.json";
  CHECK(counts_of(read_tracks(folder.path() / "t.csv", reading)).divisions == 1);
  reading.properties = folder.path() / "p.csv";
  CHECK_THROWS_WITH(read_tracks(folder.path() / "t.csv", reading), Contains("p.csv:5") && Contains("parent of '3' is '', in the graph '1'"));
  reading.properties = folder.path() / "short.csv";
  CHECK_THROWS_WITH(read_tracks(folder.path() / "t.csv", reading), Contains("1 rows where the tracks have 4"));
}

TEST_CASE("CellProfiler: prefixes, parents by object number of the previous image, groups are films") {
  const std::string head = "ImageNumber,Nuclei_Number_Object_Number,Metadata_Well,Nuclei_Location_Center_X,Nuclei_Location_Center_Y,Nuclei_TrackObjects_Label_30,Nuclei_TrackObjects_ParentObjectNumber_30,Nuclei_Intensity_MeanIntensity_Green\n";
  const CellTracks tracks = read(head + "1,1,A1,1,1,1,0,0.1\n2,1,A1,2,1,1,1,0.1\n3,1,A1,1,1,1,1,0.1\n3,2,A1,3,1,1,1,0.2\n11,1,B1,1,1,1,0,0.1\n12,1,B1,1,2,1,1,0.1\n12,2,B1,7,7,2,0,0.1\n", every(30));
  CHECK(tracks.films.size() == 2);
  CHECK(counts_of(tracks).divisions == 1);
  CHECK(counts_of(tracks).cells == 5);
  CHECK(tracks.frames.channels.size() == 1);
  CHECK(cell(tracks, "2").start == CellStart::appeared);
  CHECK(tracks.films[1].first_h == Approx(5.5));
  CHECK_THROWS_WITH(read(head + "1,1,A1,1,1,1,0,0.1\n2,1,A1,2,1,1,7,0.1\n", every(30)), Contains(".csv:3") && Contains("object 7 of the previous image, 1, is not in the table"));
}

TEST_CASE("CellMAPtracer: the name is the lineage, blank phases are none") {
  const std::string head = "CellID,CellName,ImageID,Xpos,Ypos,Red,Green,Blue,CyclePhase\n";
  TrackReading reading = every(10);
  reading.phases = {"G1", "S", "G2"};
  const CellTracks tracks = read(head + "1,C1,1,201,108,0.4,4.3,161,G1\n1,C1,2,202,109,0.5,4.3,155,S\n1,C1,3,202,109,0.5,4.3,155,\n1,C1,4,202,109,0.5,4.3,155,G2\n"
                                        "2,C1.1,5,246,142,0.8,14.5,227,\n2,C1.1,6,252,142,0.6,6.2,205,G1\n3,C1.2,5,222,122,0.7,15,212,\n", reading);
  CHECK(counts_of(tracks).divisions == 1);
  const auto& stays = cell(tracks, "C1").stays;
  REQUIRE(stays.size() == 3);
  CHECK_FALSE(stays[0].entry_seen);
  CHECK(stays[1].end == StayEnd::next);
  CHECK(stays[1].left_from_h == Approx(2.0 / 6));      // frame 3 has no phase: the change lies between 2 and 4
  CHECK(stays[1].left_by_h == Approx(4.0 / 6));
  CHECK(stays[2].end == StayEnd::division);
  CHECK(stays[2].left_by_h == Approx(5.0 / 6));
  const auto& young = cell(tracks, "C1.1").stays.at(0);
  CHECK(young.entry_seen);
  CHECK(young.entered_from_h == Approx(4.0 / 6));
  CHECK(young.entered_by_h == Approx(1));
  CHECK(cell(tracks, "C1.2").stays.empty());
  CHECK_THROWS_WITH(read(head + "1,C1,1,2,1,0.4,4,1,G1\n1,C1,2,2,1,0.4,4,1,g2\n", reading), Contains(".csv:3") && Contains("cell 'C1' has the phase 'g2'") && Contains("did you mean 'G2'"));
  CHECK_THROWS_WITH(read(head + "1,C1.a,1,2,1,0.4,4,1,G1\n", reading), Contains(".csv:2") && Contains("'C1.a' is no name of a lineage"));
}

TEST_CASE("region properties: every row is a cell of its own, and it is said") {
  const CellTracks tracks = read("label,area,centroid-0,centroid-1,TaGFP_mean,mKate_mean,TaGFP_max,time\n1,50,10,20,0.1,0.2,0.9,0\n2,50,30,20,0.1,0.2,0.9,0\n1,51,11,20,0.3,0.2,0.9,1\n", every(20));
  CHECK(counts_of(tracks).cells == 3);
  CHECK(tracks.frames.channels == std::vector<std::string>{"TaGFP_mean", "mKate_mean"});
  CHECK(tracks.frames.position(0, 0) == 20);
  CHECK_THAT(tracks.notes.at(0), Contains("not linked"));
}

TEST_CASE("plain tables: named columns, times instead of frames, mothers that are not in the file") {
  TrackReading reading;
  reading.columns.cell = "nucleus";
  reading.columns.mother = "from";
  reading.columns.time = "minutes_min";
  reading.columns.channels = {"red"};
  const CellTracks tracks = read("nucleus,from,minutes_min,red\na,,0,1\na,,30,2\nb,a,60,3\nc,a,60,4\nd,zz,60,4\nb,a,90,5\n", reading);
  CHECK(counts_of(tracks).divisions == 1);
  CHECK(tracks.films[0].frame_interval_h == Approx(0.5));
  CHECK(cell(tracks, "b").end_h == Approx(1.5));
  CHECK(tracks.frames.frame[2] == 2);
  CHECK(cell(tracks, "d").start == CellStart::division);
  CHECK(cell(tracks, "d").family == "zz");
  CHECK_THAT(tracks.notes.at(0), Contains("'zz', mother of 'd', line 6"));
  CHECK_THROWS_WITH(read("cell,frame,x,y\na,0,1,1\n"), Contains("column 'frame' counts frames"));
  reading.columns.time = "when";
  CHECK_THROWS_WITH(read("nucleus,from,when,red\na,,0,1\n", reading), Contains("does not say the unit"));
  CHECK_THROWS_WITH(read("gene,count\nMYOD1,4\n"), Contains("not recognised as tracks") && Contains("name its format"));
  TrackReading wrong;
  wrong.format = "trackmat-csv";
  CHECK_THROWS_WITH(read("cell,frame\na,0\n", wrong), Contains("'trackmate-csv'"));
}

TEST_CASE("events: censoring on both sides, marks, competing ends") {
  const CommandFolder folder;
  folder.write("e.csv", "video,cell,mother,born,g1_end,divided,died,gone,end,dose\nv,a,,,5,10,,,40,20\nv,b,a,10,18,,30,,40,20\nv,c,a,10,,,,25,40,20\nv,d,,12,20,,,,40,20\n");
  EventColumns columns;
  columns.film = {"video"};
  columns.cell = "cell";
  columns.mother = "mother";
  columns.birth = "born";
  columns.division = "divided";
  columns.death = "died";
  columns.lost = "gone";
  columns.film_end = "end";
  columns.phases = {{"G1", "g1_end"}, {"S/G2/M", ""}};
  columns.marks = {{"dose", "dose"}};
  columns.hours_per_unit = 0.5;
  const CellTracks tracks = read_events(folder.path() / "e.csv", columns);
  CHECK(cell(tracks, "a").start == CellStart::film_start);
  CHECK_FALSE(cell(tracks, "a").stays[0].entry_seen);
  CHECK(cell(tracks, "a").stays[1].end == StayEnd::division);
  CHECK(cell(tracks, "b").stays[1].end == StayEnd::death);
  CHECK(cell(tracks, "c").stays.at(0).end == StayEnd::lost);
  CHECK(cell(tracks, "c").stays.size() == 1);
  CHECK(cell(tracks, "d").stays[1].end == StayEnd::film_end);
  CHECK(cell(tracks, "d").end_h == 20);
  CHECK(tracks.films[0].marks == std::vector<std::pair<std::string, double>>{{"dose", 10}});
  const auto bad = [&](const std::string& row) {
    folder.write("bad.csv", "video,cell,mother,born,g1_end,divided,died,gone,end,dose\n" + row + "\n");
    return read_events(folder.path() / "bad.csv", columns);
  };
  CHECK_THROWS_WITH(bad("v,a,,10,8,20,,,40,20"), Contains("bad.csv:2") && Contains("phase 'G1' of cell 'a' ends at 4 h, before it starts at 5 h"));
  CHECK_THROWS_WITH(bad("v,a,,10,28,20,,,40,20"), Contains("bad.csv:2") && Contains("after the cell"));
  CHECK_THROWS_WITH(bad("v,a,,10,,20,,,40,20"), Contains("cell 'a' went on after 'G1', but its end is missing"));
  CHECK_THROWS_WITH(bad("v,a,,10,,,4,,40,20"), Contains("before its birth"));
}
