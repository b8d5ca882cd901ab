#include "CProtobufText.h"
