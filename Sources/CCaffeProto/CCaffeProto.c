#include "CCaffeProto.h"
