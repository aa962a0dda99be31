#include "aligned.h"
