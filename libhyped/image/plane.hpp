// One channel of one frame, and the labels of its nuclei: rows downwards, columns to the right, as the release stores them.
#pragma once
#include <Eigen/Core>
#include <cstdint>

namespace hyped {

template <class T>
using PlaneOf = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;      // [H x W]
using Plane = PlaneOf<float>;
using CameraPlane = PlaneOf<std::uint16_t>;      // counts as the camera gave them
using ExactPlane = PlaneOf<double>;
using Labels = PlaneOf<std::int32_t>;            // 0: background; a nucleus keeps its number within a frame

}  // namespace hyped
