#include "vmlab/grading/grader.hpp"

int main(int argc, char** argv) {
    return vmlab::grading::run_grader(argc, argv, {VMLAB_ACTIVITY_DIR, VMLAB_GRADER_DIR, VMLAB_SUPPORT_DIR});
}
