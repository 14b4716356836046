#include "vmlab/grading/grader.hpp"

int main(int argc, char** argv) {
    return vmlab::grading::run_grader(argc, argv);
}
