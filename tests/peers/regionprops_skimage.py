# Shape and light of labelled nuclei by scikit-image: reads labels (int32) and light (uint16) of one picture, writes doubles, one row a nucleus.
import sys
import numpy as np
from skimage.measure import regionprops

folder, rows, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
labels = np.fromfile(folder + "/labels", np.int32).reshape(rows, columns)
light = np.fromfile(folder + "/light", np.uint16).reshape(rows, columns)
out = []
for p in regionprops(labels, light):
    values = light[labels == p.label]
    median = np.median(values)
    out.append([p.label, p.area, *p.bbox, *p.centroid, p.axis_major_length, p.axis_minor_length, p.eccentricity, p.orientation, p.perimeter, p.solidity,
                p.intensity_mean, p.intensity_max, p.intensity_min, values.sum(), median, np.median(np.abs(values - median))])
np.array(out, np.float64).tofile(folder + "/props")
