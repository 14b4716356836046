#pragma once

#include "vmlab/grading/lab.hpp"

namespace vmlab::grading {

/// Makes a lab the one that lab() returns, for as long as this object lives.
class CurrentLab {
  public:
    explicit CurrentLab(Lab& current);
    ~CurrentLab();
    CurrentLab(const CurrentLab&) = delete;
    CurrentLab& operator=(const CurrentLab&) = delete;

  private:
    Lab* previous_;
};

}  // namespace vmlab::grading
