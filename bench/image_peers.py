# The same steps in scikit-image and SciPy: background, blur, threshold, seeds, watershed, then regionprops of four channels. One frame, the last line printed is JSON.
import json
import sys
import time

import numpy as np

try:
    from scipy import ndimage as nd
    from skimage.feature import peak_local_max
    from skimage.filters import threshold_otsu
    from skimage.measure import label, regionprops_table
    from skimage.morphology import binary_opening, remove_small_objects
    from skimage.segmentation import watershed
except ImportError as error:
    print(json.dumps({"missing": str(error)}))
    sys.exit(0)

folder, rows, cols, radius = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
frame = np.fromfile(folder + "/frame", np.uint16).reshape(4, rows, cols)

began = time.process_time()
light = nd.gaussian_filter(frame[2].astype(np.float32), 0.7)
small = light[: rows // 3 * 3, : cols // 3 * 3].reshape(rows // 3, 3, cols // 3, 3).mean((1, 3))
under = nd.gaussian_filter(nd.minimum_filter(small, size=int(2 * 8.9 * radius / 3) + 1), 8.9 * radius / 6)
light -= nd.zoom(under, (rows / small.shape[0], cols / small.shape[1]), order=1)
root = np.sqrt(np.maximum(light, 0))
mask = binary_opening(light > 0.7 * threshold_otsu(root) ** 2, np.ones((3, 3)))
mask = nd.binary_fill_holes(remove_small_objects(mask, int(0.1 * np.pi * radius**2)))
distance = nd.distance_transform_edt(mask)
seeds = peak_local_max(nd.gaussian_filter(distance, 1), min_distance=int(0.7 * radius), labels=label(mask))
markers = np.zeros(mask.shape, np.int32)
markers[tuple(seeds.T)] = np.arange(1, len(seeds) + 1)
labels = watershed(-distance, markers, mask=mask)
middle = time.process_time()
table = regionprops_table(labels, np.moveaxis(frame, 0, -1), properties=("label", "area", "bbox", "centroid", "eccentricity", "axis_major_length", "axis_minor_length", "orientation", "perimeter", "solidity", "intensity_mean", "intensity_max", "intensity_min"))
ended = time.process_time()
print(json.dumps({"nuclei": int(labels.max()), "segment_s": middle - began, "measure_s": ended - middle}))
